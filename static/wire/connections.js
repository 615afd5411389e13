// The list of connections, as they come and go: who, how protected, what they carried, why they ended.
// Rows are kept and changed in place, so that the keyboard's focus never falls off one.

import { copyOf, part } from '../markup.js';
import { clock } from '../time.js';
import { shortBytes } from './words.js';

/**
 * `choose`   detail is the number of the connection to show;
 * `changed`  some connection is new, changed or gone.
 */
export class Connections extends EventTarget {
  #list;
  #none;
  #known = new Map();
  #rows = new Map();
  #current = null;

  constructor(list, none) {
    super();
    this.#list = list;
    this.#none = none;
    list.addEventListener('click', (event) => {
      const link = event.target.closest('a');
      if (link === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      this.dispatchEvent(new CustomEvent('choose', { detail: Number(link.dataset.number) }));
    });
  }

  /** One event of the type `connections`. */
  receive({ connections, gone, all }) {
    if (all) this.#known.clear();
    connections.forEach((connection) => this.#known.set(connection.number, connection));
    gone.forEach((number) => this.#known.delete(number));
    this.#draw();
    this.dispatchEvent(new Event('changed'));
  }

  get(number) {
    return this.#known.get(number) ?? null;
  }

  /** Newest first. */
  get all() {
    return [...this.#known.values()].sort((a, b) => b.number - a.number);
  }

  set current(number) {
    this.#current = number;
    this.#rows.forEach((row, each) => this.#markCurrent(row, each));
  }

  #draw() {
    const rows = this.all.map((connection) => this.#row(connection));
    this.#rows.forEach((row, number) => {
      if (this.#known.has(number)) return;
      row.remove();
      this.#rows.delete(number);
    });
    rows.forEach((row, index) => {
      if (this.#list.children[index] !== row) this.#list.insertBefore(row, this.#list.children[index] ?? null);
    });
    this.#none.hidden = rows.length > 0;
  }

  #row(connection) {
    const { number } = connection;
    const row = this.#rows.get(number) ?? copyOf('wire-connection-row');
    this.#rows.set(number, row);
    const link = part(row, 'a');
    link.href = `/wire/${number}`;
    link.dataset.number = String(number);
    link.dataset.tls = String(connection.tls);
    link.dataset.open = String(connection.ended === null);
    set(part(row, '.wire-connection-number'), String(number));
    set(part(row, '.wire-connection-carried'), carriedBy(connection));
    set(part(row, '.wire-connection-protection'), protectionOf(connection));
    set(part(row, '.wire-connection-facts'), factsOf(connection));
    set(part(row, '.wire-connection-end'), endOf(connection));
    this.#markCurrent(row, number);
    return row;
  }

  #markCurrent(row, number) {
    const link = part(row, 'a');
    if (number === this.#current) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function carriedBy({ carried, tls, bytes }) {
  if (carried !== '') return carried;
  if (bytes[0] + bytes[1] === 0) return 'nothing yet';
  return tls ? 'a handshake' : 'no request yet';
}

function protectionOf({ negotiated, tls }) {
  return tls ? negotiated ?? 'TLS' : 'HTTP, in clear';
}

/** `14:03:22 · 127.0.0.1:50312 · 12.3 kB` */
export function factsOf({ opened, client, bytes }) {
  return [clock(opened), client, shortBytes(bytes[0] + bytes[1])].join(' · ');
}

export function endOf({ ended, why }) {
  return ended === null ? 'open' : why;
}
