// What the user wants done and the server has not confirmed: messages, edits and deletions, in order.
// Wishes go out one at a time, so that a refusal or a lost connection can never change their order.

/** Without a confirmation after so long, the connection counts as dead. */
const CONFIRM_WITHIN_MS = 15_000;
/** How long to hold back after `too_fast`, should the server not say. */
const TOO_FAST_PAUSE_MS = 1_000;

/**
 * A wish is { key, type, client_id | message_id, content, refusal }: `type` is send, edit or delete,
 * `refusal` the server's sentence or null.
 *
 * `change`  some wish came, went, or was refused;
 * `stuck`   the server does not answer any more.
 */
export class Outbox extends EventTarget {
  #memory;
  #send;
  #wishes;
  #inFlight = null;
  #live = false;
  #timer = 0;

  /** `send` takes one object for the socket and says whether it went out. */
  constructor(memory, send) {
    super();
    this.#memory = memory;
    this.#send = send;
    this.#wishes = memory.read('outbox', []);
  }

  get wishes() {
    return this.#wishes;
  }

  /** How many wait for a connection or for their turn; refused ones wait for their author. */
  get waiting() {
    return this.#wishes.filter((wish) => wish.refusal === null).length;
  }

  /** The wish that concerns a stored message, if there is one; a later wish stands for all before it. */
  about(messageId) {
    return this.#wishes.findLast((wish) => wish.message_id === messageId) ?? null;
  }

  addMessage(content) {
    const clientId = randomId();
    this.#add({ type: 'send', key: clientId, client_id: clientId, content });
  }

  addEdit(messageId, content) {
    this.#withdraw(messageId);
    this.#add({ type: 'edit', key: randomId(), message_id: messageId, content });
  }

  addDeletion(messageId) {
    this.#withdraw(messageId);
    this.#add({ type: 'delete', key: randomId(), message_id: messageId });
  }

  tryAgain(key) {
    const wish = this.#wishes.find((each) => each.key === key);
    if (!wish) return;
    this.#drop(wish);
    this.#add({ ...wish });
  }

  discard(key) {
    this.#settle(this.#wishes.filter((wish) => wish.key === key));
  }

  /** Whether the conversation is live: only then is there any use in sending. */
  setLive(live) {
    this.#live = live;
    this.#rest();
    this.#next();
  }

  /** The server showed this message: whatever asked for just that is done. */
  saw(message, userId) {
    if (message.author.id !== userId) return;
    this.#settle(this.#wishes.filter((wish) => fulfils(message, wish)));
  }

  /** The server confirmed an edit or a deletion, in its own words maybe. */
  confirmed(type, messageId) {
    const wish = this.#inFlight;
    if (wish?.type === type && wish.message_id === messageId) this.#settle([wish]);
  }

  /** The server refused something. One wish is out at a time, so it is plain which. */
  refused({ request, client_id, message_id, reason, text, retry_after_ms }) {
    const wish = this.#inFlight;
    if (!wish || (request && request !== wish.type)) return;
    if (client_id && client_id !== wish.client_id) return;
    if (message_id && message_id !== wish.message_id) return;
    this.#rest();
    if (reason === 'too_fast') {
      this.#timer = setTimeout(() => this.#resume(), retry_after_ms ?? TOO_FAST_PAUSE_MS);
    } else if (reason === 'no_such_message' && wish.type === 'delete') {
      this.#settle([wish]);
    } else {
      wish.refusal = text;
      this.#changed();
      this.#next();
    }
  }

  #add(wish) {
    this.#wishes.push({ ...wish, refusal: null });
    this.#changed();
    this.#next();
  }

  /** A newer wish about a message takes the place of an older one that did not go out yet. */
  #withdraw(messageId) {
    this.#wishes
      .filter((wish) => wish.message_id === messageId && wish !== this.#inFlight)
      .forEach((wish) => this.#drop(wish));
  }

  #settle(done) {
    if (done.length === 0) return;
    done.forEach((wish) => this.#drop(wish));
    this.#changed();
    this.#next();
  }

  #drop(wish) {
    this.#wishes = this.#wishes.filter((each) => each !== wish);
    if (wish === this.#inFlight) this.#rest();
  }

  #next() {
    if (!this.#live || this.#inFlight || this.#timer !== 0) return;
    const wish = this.#wishes.find((each) => each.refusal === null);
    if (!wish || !this.#send(request(wish))) return;
    this.#inFlight = wish;
    this.#timer = setTimeout(() => {
      this.#rest();
      this.dispatchEvent(new Event('stuck'));
    }, CONFIRM_WITHIN_MS);
  }

  #resume() {
    this.#timer = 0;
    this.#next();
  }

  #rest() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#inFlight = null;
  }

  #changed() {
    this.#memory.write('outbox', this.#wishes);
    this.dispatchEvent(new Event('change'));
  }
}

/** What goes over the socket for a wish. */
function request({ type, client_id, message_id, content }) {
  switch (type) {
    case 'send':
      return { type, content, client_id };
    case 'edit':
      return { type, message_id, content };
    case 'delete':
      return { type, message_id };
    default:
      throw new Error(`no wish is of type ${type}`);
  }
}

function fulfils(message, wish) {
  switch (wish.type) {
    case 'send':
      return message.client_id === wish.client_id;
    case 'edit':
      return message.id === wish.message_id
        && (message.deleted_at !== null || message.content === wish.content);
    case 'delete':
      return message.id === wish.message_id && message.deleted_at !== null;
    default:
      throw new Error(`no wish is of type ${wish.type}`);
  }
}

/** 128 random bits. `crypto.randomUUID` is missing where a page came over HTTP from another machine. */
function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
