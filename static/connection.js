// Shows whether the conversation is live, when the next attempt is due, and how much waits for it.
// The words stand in a live region, the ticking seconds beside it: nobody wants them read out.

import { byId } from './markup.js';

/** A connection that comes back sooner is not worth a word. */
const CALM_MS = 400;
const TICK_MS = 500;

export class ConnectionView {
  #name = 'connecting';
  #retryAt = null;
  #waiting = 0;
  #timer = 0;

  constructor(retryNow) {
    byId('retry-now').addEventListener('click', retryNow);
    setInterval(() => this.#drawDetail(), TICK_MS);
    this.#draw();
  }

  get name() {
    return this.#name;
  }

  /** `name` is live, connecting, offline or ended; `retryAt` in milliseconds, or null. */
  show(name, retryAt = null) {
    this.#retryAt = retryAt;
    this.#drawDetail();
    if (name === this.#name) return;
    this.#name = name;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#draw(), name === 'live' ? 0 : CALM_MS);
  }

  set waiting(count) {
    this.#waiting = count;
    this.#draw();
  }

  #draw() {
    byId('connection').dataset.state = this.#name;
    byId('connection-text').textContent = this.#words();
    this.#drawDetail();
  }

  #words() {
    if (this.#name === 'live') return 'live';
    if (this.#name === 'ended') return 'logged out';
    const waiting = this.#waiting === 0 ? '' : `, ${this.#waiting} ${this.#waiting === 1 ? 'message waits' : 'messages wait'}`;
    return `${this.#name === 'offline' ? 'offline' : 'connecting'}${waiting}`;
  }

  #drawDetail() {
    const offline = byId('connection').dataset.state === 'offline';
    const seconds = this.#retryAt === null ? 0 : Math.ceil((this.#retryAt - Date.now()) / 1_000);
    byId('connection-detail').textContent = offline ? (seconds > 0 ? ` · trying again in ${seconds} s` : ' · trying now') : '';
    byId('retry-now').hidden = !offline || seconds <= 1;
  }
}
