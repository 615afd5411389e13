// The source of a live view: a socket that comes back by itself, says in words how it is, and tells one run of the server from another.

import { Socket } from '../socket.js';

const WORDS = { open: 'live', connecting: 'connecting', waiting: 'offline', ended: 'logged out', expelled: 'not allowed' };

/**
 * Besides what every socket tells:
 * `greeted`  the server is there; detail is `first`, `again` or, if it was started anew and numbers everything from 1, `other`;
 * `trouble`  detail is a sentence: why no view could be opened.
 */
export class Live extends Socket {
  #run = null;

  /** `state` is the element that says how it is. */
  constructor(state) {
    super(() => '/ws/wire');
    this.addEventListener('event', ({ detail }) => {
      this.settle();
      if (detail.type === 'hello') this.#greet(detail.run);
    });
    this.addEventListener('state', ({ detail }) => {
      state.dataset.state = detail.name;
      state.textContent = WORDS[detail.name];
      if (detail.name === 'ended') location.assign('/login');
    });
    this.addEventListener('unopened', () => this.#askWhy());
  }

  #greet(run) {
    const detail = this.#run === null ? 'first' : this.#run === run ? 'again' : 'other';
    this.#run = run;
    this.dispatchEvent(new CustomEvent('greeted', { detail }));
  }

  /** A handshake failed and the browser keeps the reason to itself: the page itself would say it, if the server refuses the view. */
  async #askWhy() {
    try {
      const answer = await fetch('/wire', { method: 'HEAD', redirect: 'manual', cache: 'no-store' });
      if (answer.status >= 400) location.reload();
      else this.dispatchEvent(new CustomEvent('trouble', { detail: 'No view could be opened: perhaps too many are open. Close some; this one tries again.' }));
    } catch {
      // The server cannot be reached at all: the socket goes on trying.
    }
  }
}
