// The timeline: what the client sent on the left, what the server sent on the right, in the order in which it began.
// A record is an envelope, and what it carried a letter in it. Only the rows on screen are elements.

import { copyOf, part } from '../markup.js';
import { onKeyboardFocus } from './focus.js';
import { isSame, mainItem, showsSecret, titleOf } from './items.js';
import { VirtualList } from './virtual_list.js';
import { moment, shortBytes } from './words.js';

/** A strip of this many bytes is drawn at its full width; shorter ones by their logarithm. */
const STRIP_FULL_BYTES = 16_384;

let timelines = 0;

/** `open`  detail is the number of the item to show. */
export class Lanes extends EventTarget {
  #element;
  #id = `lane-${timelines += 1}`;
  #list;
  #rows = [];
  #mode = 'both';
  #layered = false;
  #cursor = -1;
  /** The number of the item that is open, or null. */
  #opened = null;

  constructor(element) {
    super();
    this.#element = element;
    this.#list = new VirtualList(element, { create: () => copyOf('wire-lane-row'), draw: (row, index) => this.#draw(row, index) });
    element.addEventListener('click', (event) => this.#clicked(event));
    element.addEventListener('keydown', (event) => this.#key(event));
    onKeyboardFocus(element, () => this.#cursor < 0 && this.#rows.length > 0 && this.#moveTo(this.#list.first));
  }

  get atEnd() {
    return this.#list.atEnd;
  }

  /** Shows these rows; whoever looks at the last one stays with the last one. */
  show(rows, mode, layered) {
    const isTall = layered && mode !== 'server';
    const follows = this.#rows.length > 0 && this.#list.atEnd && this.#opened === null;
    const before = this.#rows[this.#cursor];
    const sameKind = this.#element.dataset.rows === (isTall ? 'tall' : 'low');
    this.#rows = rows;
    this.#mode = mode;
    this.#layered = layered;
    this.#element.dataset.rows = isTall ? 'tall' : 'low';
    this.#cursor = before === undefined ? -1 : rows.findIndex((row) => row.key === before.key && isSame(mainItem(row), mainItem(before)));
    this.#list.show(rows.length, this.#cursor);
    if (!sameKind) this.#list.remeasure();
    this.#pointAtCursor();
    if (follows) this.#list.toEnd();
  }

  /** Marks the item that is shown beside; scrolls to it if asked to. */
  markOpened(number, reveal) {
    this.#opened = number;
    const index = this.#indexOfOpened();
    if (index !== undefined) this.#cursor = index;
    this.#list.pin(this.#cursor);
    this.#list.redraw();
    this.#pointAtCursor();
    if (index !== undefined && reveal && this.#list.row(index) === null) this.#list.center(index);
    else if (index !== undefined && reveal) this.#list.reveal(index);
  }

  toEnd() {
    this.#list.toEnd();
  }

  focus() {
    this.#element.focus({ preventScroll: true });
  }

  #indexOfOpened() {
    const index = this.#rows.findIndex((row) => mainItem(row).number === this.#opened);
    if (index >= 0) return index;
    const carrying = this.#rows.findIndex(({ record }) => record !== null && record.number === this.#opened);
    return carrying >= 0 ? carrying : undefined;
  }

  #draw(element, index) {
    const row = this.#rows[index];
    const { record, message } = row;
    const item = mainItem(row);
    const mode = this.#mode;
    element.id = `${this.#id}-${index}`;
    element.dataset.index = String(index);
    element.setAttribute('aria-setsize', String(this.#rows.length));
    element.setAttribute('aria-posinset', String(index + 1));
    const isOpened = item.number === this.#opened || record?.number === this.#opened;
    element.setAttribute('aria-selected', String(isOpened));
    const sealed = record !== null && message === null;
    const problem = item.problem ?? record?.problem;
    element.className = [
      'lane-row', `from-${item.from}`, `kind-${item.kind}`,
      record === null ? 'bare' : 'enveloped', sealed ? 'sealed' : '',
      record !== null && message?.eve !== undefined ? 'in-clear' : '', row.opens ? 'opens' : '', row.ends ? 'ends' : '', row.part > 0 ? 'goes-on' : '',
      index === this.#cursor ? 'cursor' : '', isOpened ? 'opened' : '',
      showsSecret(item, mode) ? 'secret' : '', problem ? 'wrong' : '',
    ].filter(Boolean).join(' ');
    part(element, '.lane-time').textContent = row.opens ? moment((record ?? item).begun) : '';
    part(element, '.lane-from').textContent = item.from === 'client' ? 'client to server: ' : 'server to client: ';
    this.#drawEnvelope(element, row);
    this.#drawLetter(element, row);
    part(element, '.lane-secret').hidden = !showsSecret(item, mode);
    part(element, '.lane-problem').hidden = problem === undefined;
  }

  /** What everybody sees: the record. */
  #drawEnvelope(element, { record, opens }) {
    const line = part(element, '.envelope');
    line.hidden = record === null || !this.#layered || this.#mode === 'server';
    if (line.hidden) return;
    part(line, '.envelope-title').textContent = opens ? record.eve ?? record.title : 'the same record';
    part(line, '.envelope-size').textContent = opens ? shortBytes(record.len) : '';
    line.dataset.item = String(record.number);
    const share = Math.min(1, Math.log(1 + record.len) / Math.log(1 + STRIP_FULL_BYTES));
    element.style.setProperty('--share', share.toFixed(3));
  }

  /** What only the two ends see, unless there is no envelope. */
  #drawLetter(element, { message, part: piece, parts }) {
    const line = part(element, '.letter');
    line.hidden = message === null;
    if (message === null) {
      part(line, '.letter-title').textContent = '';
      return;
    }
    part(line, '.letter-kind').textContent = message.kind.replaceAll('_', ' ');
    part(line, '.letter-title').textContent = titleOf(message, this.#mode);
    part(line, '.letter-size').textContent = parts > 1 ? `part ${piece + 1} of ${parts}` : shortBytes(message.len);
    line.dataset.item = String(message.number);
  }

  #clicked({ target }) {
    const element = target.closest('.lane-row');
    if (element === null) return;
    const row = this.#rows[Number(element.dataset.index)];
    const chosen = target.closest('[data-item]')?.dataset.item;
    this.#moveTo(Number(element.dataset.index));
    this.#open(chosen === undefined ? mainItem(row).number : Number(chosen));
  }

  #key(event) {
    if (this.#rows.length === 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const at = Math.max(0, this.#cursor);
    const last = this.#rows.length - 1;
    const targets = { ArrowDown: this.#cursor + 1, ArrowUp: at - 1, PageDown: at + this.#list.page, PageUp: at - this.#list.page, Home: 0, End: last };
    const { record, message } = this.#rows[at];
    if (event.key in targets) {
      this.#moveTo(Math.min(last, Math.max(0, targets[event.key])));
      // With something open, walking on is reading on.
      if (this.#opened !== null) this.#open(mainItem(this.#rows[this.#cursor]).number);
    } else if (event.key === 'Enter' || event.key === ' ') this.#open(mainItem(this.#rows[at]).number);
    else if (event.key === 'ArrowLeft' && record !== null) this.#open(record.number);
    else if (event.key === 'ArrowRight' && message !== null) this.#open(message.number);
    else return;
    event.preventDefault();
  }

  #moveTo(index) {
    this.#cursor = index;
    this.#list.pin(index);
    this.#list.reveal(index);
    this.#list.redraw();
    this.#pointAtCursor();
  }

  #pointAtCursor() {
    if (this.#cursor < 0) this.#element.removeAttribute('aria-activedescendant');
    else this.#element.setAttribute('aria-activedescendant', `${this.#id}-${this.#cursor}`);
  }

  #open(item) {
    this.dispatchEvent(new CustomEvent('open', { detail: item }));
  }
}
