// The stored messages of one conversation that this page knows: one unbroken stretch, ordered by id.
// Plain data: nothing of elements, sockets or clocks.

export class Timeline {
  #messages = [];
  /** While a page of older messages is under way: the later states of what it may hold, by id. */
  #meanwhile = null;
  /** Users whose accounts were deleted: what is still on its way may bring their names. */
  #gone = new Set();
  /** Whether there are messages before the oldest one here. */
  hasOlder = false;

  /** Whether a page of older messages is under way. */
  get awaitsOlder() {
    return this.#meanwhile !== null;
  }

  /** A page of older messages was asked for: until it is here, what changes in it is kept. */
  awaitOlder() {
    this.#meanwhile = new Map();
  }

  /** That page will not come. */
  forgetOlder() {
    this.#meanwhile = null;
  }

  get length() {
    return this.#messages.length;
  }

  get oldest() {
    return this.#messages[0] ?? null;
  }

  get newest() {
    return this.#messages.at(-1) ?? null;
  }

  at(index) {
    return this.#messages[index] ?? null;
  }

  get(id) {
    const index = this.#indexOf(id);
    return this.#messages[index]?.id === id ? this.#messages[index] : null;
  }

  /** The latest message that `matches`, or null. */
  findLast(matches) {
    return this.#messages.findLast(matches) ?? null;
  }

  replaceAll(messages, hasOlder) {
    this.#messages = messages.map((message) => this.#unnamed(message)).sort((a, b) => a.id - b.id);
    this.hasOlder = hasOlder;
  }

  /** Puts a page of older messages in front, as they are by now; answers with how many of them were new. */
  prepend(messages, hasOlder) {
    const oldestId = this.oldest?.id ?? Infinity;
    const latest = (message) => this.#unnamed(later(message, this.#meanwhile?.get(message.id)));
    const fresh = messages.filter(({ id }) => id < oldestId).map(latest).sort((a, b) => a.id - b.id);
    this.#messages.unshift(...fresh);
    this.hasOlder = hasOlder;
    this.forgetOlder();
    return fresh.length;
  }

  /**
   * Inserts or replaces one message; answers with { index, fresh }, or null where there is nothing
   * to show: a state older than the one known, or a message from before the stretch that is here.
   */
  put(told) {
    const message = this.#unnamed(told);
    const index = this.#indexOf(message.id);
    const known = this.#messages[index];
    if (known?.id === message.id) {
      if (message.change < known.change) return null;
      this.#messages[index] = message;
      return { index, fresh: false };
    }
    if (index === 0 && this.hasOlder) {
      this.#meanwhile?.set(message.id, later(message, this.#meanwhile.get(message.id)));
      return null;
    }
    this.#messages.splice(index, 0, message);
    return { index, fresh: true };
  }

  /** Forgets the oldest messages but `keep`; they can be paged in again. Answers with those forgotten. */
  keepLatest(keep) {
    const forgotten = this.#messages.splice(0, Math.max(0, this.length - keep));
    if (forgotten.length > 0) this.hasOlder = true;
    return forgotten;
  }

  /** An account was deleted: its messages lose their author's name. Answers with where they stand. */
  forgetName(userId) {
    this.#gone.add(userId);
    this.#messages = this.#messages.map((message) => this.#unnamed(message));
    return [...this.#messages.keys()].filter((index) => this.#messages[index].author.id === userId);
  }

  #unnamed(message) {
    return this.#gone.has(message.author.id) ? { ...message, author: { ...message.author, name: null } } : message;
  }

  /** Where the message of that id stands or would stand. */
  #indexOf(id) {
    let low = 0;
    let high = this.#messages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#messages[middle].id < id) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Of two states of a message, or one and undefined, the later one. */
function later(one, other) {
  return other && other.change > one.change ? other : one;
}
