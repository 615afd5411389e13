// A recorded connection that stands in the page itself: answers as the server would, from what is there.
// The shape of the document is that of the server's events (docs/PROTOCOL.md).

import { MASKING_KEY, fromHex } from './bytes.js';
import { folded } from './words.js';

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
    const { number } = connection;
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
        this.#tell({ type: 'found', connection: number, question: wish.question, ...this.#find(wish) });
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
      this.#tell({ type: 'refused', connection: this.#document.connection.number, item, text: 'The bytes of this item are not in this file: it would have become too long.' });
      return;
    }
    const whole = { ...shown, on_the_wire: this.#panes(shown.on_the_wire), inside: this.#panes(shown.inside) };
    this.#tell({ type: 'shown', connection: this.#document.connection.number, shown: whole });
  }

  /** Looks for bytes as they are, and for text in the bytes, in any case, and in what fields say. */
  #find({ hex, text }) {
    const isText = hex === undefined;
    const needle = characters(isText ? new TextEncoder().encode(folded(text)) : fromHex(hex));
    const holds = (bytes) => (isText ? folded(characters(bytes)) : characters(bytes)).includes(needle);
    const found = { wire: [], inside: [], more: false };
    this.#document.shown.forEach((shown) => {
      if (!shown) return;
      const isRecord = this.#document.items[shown.number]?.kind === 'record';
      const onTheWire = this.#panes(shown.on_the_wire);
      if (onTheWire.some((pane) => pane.item === shown.number && holds(fromHex(pane.bytes)))) found.wire.push(shown.number);
      if (isRecord) return;
      const inside = shown.inside.length > 0 ? this.#panes(shown.inside) : onTheWire;
      if (inside.some((pane) => holds(unmasked(pane)) || (isText && says(pane.tree, folded(text))))) found.inside.push(shown.number);
    });
    return found;
  }

  #tell(event) {
    this.dispatchEvent(new CustomEvent('event', { detail: event }));
  }
}

/** Bytes as a text of as many characters, to be searched. */
function characters(bytes) {
  return new TextDecoder('latin1').decode(bytes);
}

/** The bytes of a pane as they were said: of a masked frame, without its mask. */
function unmasked({ bytes, tree }) {
  const said = fromHex(bytes);
  const key = fieldsOf(tree).find(({ name }) => name === MASKING_KEY);
  if (key === undefined) return said;
  const [from, to] = key.at;
  for (let at = to; at < said.length; at += 1) said[at] ^= said[from + (at - to) % (to - from)];
  return said;
}

function says(tree, text) {
  return fieldsOf(tree).some(({ value }) => value?.text !== undefined && folded(value.text).includes(text));
}

/** A field and all that it is made of. */
function fieldsOf(tree) {
  const fields = [tree];
  for (let next = 0; next < fields.length; next += 1) fields.push(...fields[next].parts ?? []);
  return fields;
}
