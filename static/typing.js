// Who is typing: told to others at a measured pace, and forgotten soon.

/** The server passes on one notice a second and drops what comes sooner: ours come less often. */
const TELL_EVERY_MS = 1_500;
/** docs/PROTOCOL.md: forget a notice after four seconds. */
const FORGET_AFTER_MS = 4_000;
/** More names than this are “several people”. */
const NAMES_MAX = 2;

export class Typing {
  #element;
  #send;
  #toldAt = 0;
  #timer = 0;
  #typists = new Map();

  constructor(element, send) {
    this.#element = element;
    this.#send = send;
  }

  /** The user typed something: that is told now, or once the pause since the last notice is over. */
  tell() {
    clearTimeout(this.#timer);
    const pause = this.#toldAt + TELL_EVERY_MS - Date.now();
    if (pause > 0) this.#timer = setTimeout(() => this.tell(), pause);
    else if (this.#send({ type: 'typing' })) this.#toldAt = Date.now();
  }

  /** There is nothing typed any more: it went out, or was taken back. */
  rest() {
    clearTimeout(this.#timer);
  }

  heard(user) {
    clearTimeout(this.#typists.get(user.id)?.timer);
    const timer = setTimeout(() => this.forget(user.id), FORGET_AFTER_MS);
    this.#typists.set(user.id, { name: user.name, timer });
    this.#draw();
  }

  forget(userId) {
    clearTimeout(this.#typists.get(userId)?.timer);
    if (this.#typists.delete(userId)) this.#draw();
  }

  /** Without a connection nobody is known to type. */
  forgetAll() {
    this.#typists.forEach(({ timer }) => clearTimeout(timer));
    this.#typists.clear();
    this.#draw();
  }

  #draw() {
    const names = [...this.#typists.values()].map(({ name }) => name ?? 'someone');
    this.#element.textContent = sentence(names);
  }
}

function sentence(names) {
  if (names.length === 0) return '';
  if (names.length > NAMES_MAX) return 'Several people are typing…';
  return `${names.join(' and ')} ${names.length === 1 ? 'is' : 'are'} typing…`;
}
