// The filter's little language: words of kinds and sides, text, or bytes in hexadecimal.
// Plain data: what a filter lets through, it says item by item.

import { showsSecret } from './items.js';

const KINDS = ['record', 'handshake', 'change_cipher_spec', 'alert', 'request', 'response', 'frame', 'unreadable', 'missing', 'end'];
const SIDES = ['client', 'server'];

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
    const words = text.split(/\s+/).filter((word) => !this.#takeWord(word.toLowerCase()));
    this.#text = words.join(' ').toLowerCase();
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
    if (this.#hex === null) return null;
    if (/[^0-9a-f]/.test(this.#hex)) return '0x is followed by digits 0–9 and a–f';
    return this.#hex.length % 2 === 1 || this.#hex === '' ? 'two digits a byte, please' : null;
  }

  /** What only those who have the bytes can look for; null if there is nothing. */
  get search() {
    if (this.complaint !== null) return null;
    if (this.#hex !== null) return { hex: this.#hex };
    return this.#text === '' ? null : { text: this.#text };
  }

  /** The answer to `search`: the numbers of items with it in the bytes on the wire, and inside. */
  answer(wire, inside) {
    this.#found = { wire: new Set(wire), inside: new Set(inside) };
  }

  passes(item, mode, title) {
    if (this.#kinds.size > 0 && !this.#kinds.has(item.kind)) return false;
    if (this.#sides.size > 0 && !this.#sides.has(item.from)) return false;
    if (this.#secret && !showsSecret(item, mode)) return false;
    if (this.#problem && item.problem === undefined) return false;
    if (this.#hex === null && (this.#text === '' || title.toLowerCase().includes(this.#text))) return true;
    // Eve cannot find what she cannot read; the server is not shown what only crossed the network.
    const inWire = mode !== 'server' && this.#found?.wire.has(item.number);
    const inside = mode !== 'eve' && this.#found?.inside.has(item.number);
    return Boolean(inWire || inside);
  }
}
