// Says what the field under the mouse or the keyboard is: name, value, meaning, where it is written, what Wireshark calls it.

import { part } from '../markup.js';
import { setText } from './in_place.js';
import { placeOf, wholeValue } from './values.js';

export class Explanation {
  #element;

  constructor(element) {
    this.#element = element;
  }

  /** `node` of `side`, or null for nothing in particular. `carried` is a sentence about the other side, or empty. */
  show(node, side, carried) {
    const field = node?.field ?? {};
    const path = node === null ? [] : side.pathOf(node).map((step) => step.field.name);
    this.#set('.explain-path', path.slice(0, -1).join(' › '));
    this.#set('.explain-name', path.at(-1) ?? 'Point at a byte or a field');
    this.#set('.explain-place', node === null ? '' : placeOf(node));
    this.#set('.explain-value', node === null ? '' : wholeValue(node, side));
    this.#set('.explain-meaning', node === null ? 'Each byte belongs to a field: what it is stands here.' : field.meaning ?? '');
    this.#set('.explain-carried', carried);
    this.#set('.explain-problem', field.problem ?? '');
    this.#set('.explain-secret', field.secret ? 'A thief would want this.' : '');
    this.#set('.explain-source', field.source ?? '');
    this.#set('.explain-wireshark', field.wireshark ?? '');
  }

  /** What is not there takes no room. */
  #set(selector, text) {
    const element = part(this.#element, selector);
    const box = element.closest('[data-box]') ?? element;
    box.hidden = text === '';
    setText(element, text);
  }
}
