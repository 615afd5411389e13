// A recorded connection that stands in the page itself: answers as the server would, from what is there.
// The shape of the document is that of the server's events (docs/PROTOCOL.md).

import { fromHex } from './bytes.js';

/**
 * Tells `event`, as a socket does. `document` is { connection, items, summary, proof, lessons, panes, shown }, where
 * `shown[k]` names its panes by their place in `panes`.
 */
export class DocumentSource extends EventTarget {
  #document;

  constructor(document) {
    super();
    this.#document = document;
  }

  /** The one connection there is. */
  get connection() {
    return this.#document.connection;
  }

  send(wish) {
    const { connection, items, summary, proof, lessons } = this.#document;
    const number = connection.number;
    switch (wish.type) {
      case 'watch':
        this.#tell({ type: 'items', connection: number, items, all: true, more: false });
        this.#tell({ type: 'summary', connection: number, summary, proof });
        this.#tell({ type: 'lessons', connection: number, lessons });
        break;
      case 'show':
        this.#show(wish.item);
        break;
      case 'find':
        this.#tell({ type: 'found', connection: number, ...this.#find(wish) });
        break;
      default:
        throw new Error(`a document cannot “${wish.type}”`);
    }
    return true;
  }

  #panes(numbers) {
    return numbers.map((number) => this.#document.panes[number]);
  }

  #show(item) {
    const shown = this.#document.shown[item];
    if (!shown) {
      this.#tell({ type: 'refused', text: 'The bytes of this item are not in this file: it would have become too long.' });
      return;
    }
    const whole = { ...shown, on_the_wire: this.#panes(shown.on_the_wire), inside: this.#panes(shown.inside) };
    this.#tell({ type: 'shown', connection: this.#document.connection.number, shown: whole });
  }

  /** Looks for bytes as they are, and for text in any case and in what fields say: a masked payload says what it hides. */
  #find({ hex, text }) {
    const has = hex === undefined
      ? (pane) => latin(pane.bytes).includes(text.toLowerCase()) || says(pane.tree, text.toLowerCase())
      : (pane) => hasBytes(pane.bytes, hex);
    const found = { wire: [], inside: [] };
    this.#document.shown.forEach((shown) => {
      if (!shown) return;
      const isRecord = this.#document.items[shown.number]?.kind === 'record';
      const layered = shown.inside.length > 0 || isRecord;
      if (this.#panes(shown.on_the_wire).some((pane) => pane.item === shown.number && has(pane))) found.wire.push(shown.number);
      if (!isRecord && this.#panes(layered ? shown.inside : shown.on_the_wire).some(has)) found.inside.push(shown.number);
    });
    return found;
  }

  #tell(event) {
    this.dispatchEvent(new CustomEvent('event', { detail: event }));
  }
}

function latin(hex) {
  return Array.from(fromHex(hex), (byte) => String.fromCharCode(byte)).join('').toLowerCase();
}

function hasBytes(hex, needle) {
  for (let at = hex.indexOf(needle); at >= 0; at = hex.indexOf(needle, at + 1)) {
    if (at % 2 === 0) return true;
  }
  return false;
}

function says(field, text) {
  const waiting = [field];
  while (waiting.length > 0) {
    const { value, parts } = waiting.pop();
    if (value?.text?.toLowerCase().includes(text)) return true;
    waiting.push(...parts ?? []);
  }
  return false;
}
