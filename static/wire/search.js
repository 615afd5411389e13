// What stands in the filter's field, and the search for it in the bytes: asked once the typing rests, and again as more crosses.
// Each question has a number, and an answer to another one than the last is none.

import { Filter } from './filter.js';

const REST_MS = 200;
/** However much crosses, all of it is searched no more often than this. */
const AGAIN_MS = 500;

export class Search {
  #ask;
  #written = '';
  #filter = new Filter();
  #question = 0;
  #timer = 0;
  #askedAt = -Infinity;
  #isAwaited = false;
  /** Whether more has crossed since the question was asked. */
  #isStale = false;

  /** `ask(question)` sends it, and says whether it could. */
  constructor(ask) {
    this.#ask = ask;
  }

  get filter() {
    return this.#filter;
  }

  write(written) {
    this.#written = written;
    this.restart();
  }

  /** What was found means nothing any more: it is looked for from the beginning. */
  restart() {
    this.#filter = new Filter(this.#written);
    this.#question += 1;
    this.#isAwaited = false;
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#plan(REST_MS);
  }

  /** There is more to look through. */
  again() {
    if (this.#isAwaited) this.#isStale = true;
    else this.#plan(Math.max(0, this.#askedAt + AGAIN_MS - performance.now()));
  }

  /** Takes an answer, unless it is one to another question. */
  answer({ question, ...found }) {
    if (question !== this.#question) return;
    this.#isAwaited = false;
    this.#filter.answer(found);
    if (this.#isStale) this.again();
  }

  #plan(ms) {
    if (this.#filter.search !== null && this.#timer === 0) this.#timer = setTimeout(() => this.#find(), ms);
  }

  #find() {
    this.#timer = 0;
    this.#askedAt = performance.now();
    this.#isStale = false;
    // Before it is asked: a document answers at once.
    this.#isAwaited = true;
    const isAsked = this.#ask({ type: 'find', question: this.#question, ...this.#filter.search });
    if (!isAsked) this.#isAwaited = false;
  }
}
