// The list of connections, as they come and go: who, how protected, what they carried, why they ended.
// Rows are kept and changed in place, so that the keyboard's focus never falls off one.

import { copyOf, part } from '../markup.js';
import { clock } from '../time.js';
import { follow, setText } from './in_place.js';
import { shortBytes } from './words.js';

/**
 * `choose`   detail is the number of the connection to show;
 * `changed`  some connection is new, changed or gone.
 */
export class Connections extends EventTarget {
  #list;
  #none;
  #known = new Map();
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
    [...this.#list.children].forEach((row) => this.#markCurrent(row));
  }

  #draw() {
    follow(this.#list, this.all, {
      keyOf: ({ number }) => number,
      create: () => copyOf('wire-connection-row'),
      fill: (row, connection) => this.#fill(row, connection),
    });
    this.#none.hidden = this.#known.size > 0;
  }

  #fill(row, connection) {
    const { number } = connection;
    const link = part(row, 'a');
    link.href = `/wire/${number}`;
    link.dataset.number = String(number);
    link.dataset.tls = String(connection.tls);
    link.dataset.open = String(connection.ended === null);
    setText(part(row, '.wire-connection-number'), String(number));
    setText(part(row, '.wire-connection-carried'), carriedBy(connection));
    setText(part(row, '.wire-connection-protection'), protectionOf(connection));
    setText(part(row, '.wire-connection-facts'), factsOf(connection));
    setText(part(row, '.wire-connection-end'), endOf(connection));
    this.#markCurrent(row);
  }

  #markCurrent(row) {
    const link = part(row, 'a');
    if (link.dataset.number === String(this.#current)) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

export function carriedBy({ carried, tls, bytes }) {
  if (carried !== '') return carried;
  if (bytes[0] + bytes[1] === 0) return 'nothing yet';
  return tls ? 'a handshake' : 'no request yet';
}

function protectionOf({ negotiated, tls }) {
  return tls ? negotiated ?? 'TLS' : 'HTTP, in clear';
}

/** `14:03:22 · 127.0.0.1:50312` */
export function originOf({ opened, client }) {
  return `${clock(opened)} · ${client}`;
}

/** `14:03:22 · 127.0.0.1:50312 · 12.3 kB` */
export function factsOf(connection) {
  return `${originOf(connection)} · ${shortBytes(connection.bytes[0] + connection.bytes[1])}`;
}

export function endOf({ ended, why }) {
  return ended === null ? 'open' : why;
}
