// A connection as a whole: what was agreed on, what it carried, what Eve learns from it all the same, and the standing proof.

import { copyOf, part } from '../markup.js';
import { follow, setText } from './in_place.js';
import { bytesOf, counted } from './words.js';

/** `open`  detail is the number of the item that shows a lesson best. */
export class Overview extends EventTarget {
  #element;

  constructor(element) {
    super();
    this.#element = element;
    element.addEventListener('click', ({ target }) => {
      const item = target.closest('[data-item]')?.dataset.item;
      if (item !== undefined) this.dispatchEvent(new CustomEvent('open', { detail: Number(item) }));
    });
  }

  clear() {
    this.showLessons([]);
    part(this.#element, '.facts').replaceChildren();
    part(this.#element, '.proof').hidden = true;
  }

  showSummary(summary, proof) {
    follow(part(this.#element, '.facts'), factsOf(summary), { keyOf: ([name]) => name, create: emptyFact, fill: fillFact });
    const line = part(this.#element, '.proof');
    line.hidden = !proof;
    line.dataset.state = proof?.state ?? '';
    setText(line, proof?.text ?? '');
  }

  showLessons(lessons) {
    setText(part(this.#element, '.lessons-heading'), `What Eve learns (${lessons.length})`);
    follow(part(this.#element, '.lessons'), lessons, { keyOf: ({ what }) => what, create: () => copyOf('wire-lesson-row'), fill: fillLesson });
  }
}

function fillLesson(row, { what, value, how, item }) {
  setText(part(row, '.lesson-what'), what);
  setText(part(row, '.lesson-value'), value);
  setText(part(row, '.lesson-how'), how);
  const button = part(row, '.lesson-item');
  button.hidden = item === undefined;
  button.dataset.item = String(item ?? '');
}

function emptyFact() {
  const fact = document.createElement('div');
  fact.append(document.createElement('dt'), document.createElement('dd'));
  return fact;
}

function fillFact(fact, [name, value]) {
  const [term, detail] = fact.children;
  setText(term, name);
  setText(detail, value);
}

/** What is worth a line of its own. */
function factsOf(summary) {
  const carried = [
    summary.application.join(', '),
    summary.requests > 0 ? counted(summary.requests, 'request') : '',
    summary.frames > 0 ? counted(summary.frames, 'frame') : '',
  ].filter(Boolean).join(' · ');
  return [
    ['Protected by', summary.tls ? summary.version ?? 'TLS, not agreed on yet' : 'nothing: everybody on the way reads it'],
    ['Cipher suite', summary.cipher_suite ?? ''],
    ['Key agreement', summary.group ?? ''],
    ['Server name asked for', summary.server_name ?? ''],
    ['Carried', carried],
    ['Not kept', summary.missing_bytes > 0 ? `${bytesOf(summary.missing_bytes)}: the middle of a long connection` : ''],
    ['Assumed', summary.assumption ?? ''],
    ['Not opened', summary.closed_records > 0 ? counted(summary.closed_records, 'record') : ''],
  ].filter(([, value]) => value !== '');
}

/** The same in one line, for the head of the page. What is spoken inside TLS, Eve is not told. */
export function summaryLine(summary, mode) {
  const isHidden = mode === 'eve' && summary.tls;
  return [
    summary.tls ? summary.version ?? 'TLS' : 'in clear',
    summary.cipher_suite,
    summary.group,
    ...(isHidden ? [] : summary.application),
  ].filter(Boolean).join(' · ');
}
