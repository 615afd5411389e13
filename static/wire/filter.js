// The filter's little language: words of kinds and sides, text, or bytes in hexadecimal.
// Plain data: what a filter lets through, it says item by item.

import { isReadable, showsSecret, titleOf } from './items.js';
import { folded } from './words.js';

const KINDS = ['record', 'handshake', 'change_cipher_spec', 'alert', 'request', 'response', 'frame', 'unreadable', 'missing', 'end'];
const SIDES = ['client', 'server'];

/** A server looks for no more at once. */
const SEARCHED_BYTES_MAX = 256;

/**
 * A word, or text between quotation marks that stand at its two ends: those within, as in JSON, belong to it. One that is still
 * open goes to the end.
 */
const PIECES = /["“](.+?)(?:["”](?!\S)|$)|\S+/gu;

export class Filter {
  #kinds = new Set();
  #sides = new Set();
  #secret = false;
  #problem = false;
  #text = '';
  #hex = null;
  #found = null;

  /** `frame client hello` is frames of the client with “hello” in them; `0x16 03` is these bytes. */
  constructor(written = '') {
    const text = written.trim();
    if (/^0x/i.test(text)) {
      this.#hex = text.slice(2).replaceAll(/[\s:]/g, '').toLowerCase();
      return;
    }
    const words = [];
    for (const [word, quoted] of text.matchAll(PIECES)) {
      if (quoted !== undefined) words.push(quoted);
      else if (!this.#takeWord(word.toLowerCase())) words.push(word);
    }
    this.#text = folded(words.join(' '));
  }

  #takeWord(word) {
    const kind = KINDS.find((name) => word === name || word === `${name}s`);
    if (kind) this.#kinds.add(kind);
    else if (SIDES.includes(word)) this.#sides.add(word);
    else if (word === 'secret' || word === 'secrets') this.#secret = true;
    else if (word === 'problem' || word === 'problems') this.#problem = true;
    else return false;
    return true;
  }

  get isEmpty() {
    return this.#kinds.size + this.#sides.size === 0 && !this.#secret && !this.#problem && this.#text === '' && this.#hex === null;
  }

  /** What is wrong with it in a few words, or null. */
  get complaint() {
    if (this.#hex === null) return new TextEncoder().encode(this.#text).length > SEARCHED_BYTES_MAX ? `at most ${SEARCHED_BYTES_MAX} bytes of text, please` : null;
    if (/[^0-9a-f]/.test(this.#hex)) return '0x is followed by digits 0–9 and a–f';
    if (this.#hex.length % 2 === 1 || this.#hex === '') return 'two digits a byte, please';
    return this.#hex.length / 2 > SEARCHED_BYTES_MAX ? `at most ${SEARCHED_BYTES_MAX} bytes, please` : null;
  }

  /** What only those who have the bytes can look for; null if there is nothing. */
  get search() {
    if (this.complaint !== null) return null;
    if (this.#hex !== null) return { hex: this.#hex };
    return this.#text === '' ? null : { text: this.#text };
  }

  /** Whether it is not known yet what to let through. */
  get isSearching() {
    return this.search !== null && this.#found === null;
  }

  /** Whether there are more than it lets through: too many were found to tell them all. */
  get isCut() {
    return this.#found?.more ?? false;
  }

  /** The answer to `search`: the numbers of items with it in the bytes on the wire, and inside. */
  answer({ wire, inside, more }) {
    this.#found = { wire: new Set(wire), inside: new Set(inside), more };
  }

  /** Whether an item is let through, for those who look as `mode`. */
  passes(item, mode) {
    if (this.complaint !== null) return false;
    if (this.#kinds.size > 0 && !this.#kinds.has(item.kind)) return false;
    if (this.#sides.size > 0 && !this.#sides.has(item.from)) return false;
    if (this.#secret && !showsSecret(item, mode)) return false;
    if (this.#problem && item.problem === undefined) return false;
    if (this.#hex === null && (this.#text === '' || folded(titleOf(item, mode)).includes(this.#text))) return true;
    // Eve cannot find what she cannot read; the server is not shown what only crossed the network.
    const onTheWire = mode !== 'server' && this.#found?.wire.has(item.number);
    const inside = isReadable(item, mode) && this.#found?.inside.has(item.number);
    return Boolean(onTheWire || inside);
  }
}
