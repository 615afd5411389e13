// A connection as a whole: what was agreed on, what it carried, what Eve learns from it all the same, and the standing proof.

import { copyOf, part } from '../markup.js';
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

  showSummary(summary, proof) {
    part(this.#element, '.facts').replaceChildren(...factsOf(summary).flatMap(([name, value]) => {
      const term = document.createElement('dt');
      term.textContent = name;
      const detail = document.createElement('dd');
      detail.textContent = value;
      return [term, detail];
    }));
    const line = part(this.#element, '.proof');
    line.hidden = !proof;
    line.dataset.state = proof?.state ?? '';
    line.textContent = proof?.text ?? '';
  }

  showLessons(lessons) {
    const heading = part(this.#element, '.lessons-heading');
    heading.textContent = `What Eve learns (${lessons.length})`;
    part(this.#element, '.lessons').replaceChildren(...lessons.map(({ what, value, how, item }) => {
      const row = copyOf('wire-lesson-row');
      part(row, '.lesson-what').textContent = what;
      part(row, '.lesson-value').textContent = value;
      part(row, '.lesson-how').textContent = how;
      const button = part(row, '.lesson-item');
      button.hidden = item === undefined;
      if (item !== undefined) button.dataset.item = String(item);
      return row;
    }));
  }
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
