// One WebSocket that comes back by itself, as docs/PROTOCOL.md ("Closing") says.
// It knows JSON, pauses and close codes; what an event means is for others.

const PAUSE_FIRST_MS = 500;
const PAUSE_MAX_MS = 15_000;
/** Up to a third more or less, so that not all come back at once. */
const JITTER = 1 / 3;
/** A handshake that takes longer is given up: some networks swallow it without a word. */
const OPEN_WITHIN_MS = 10_000;
/** After so long without a word, a socket that wakes up may be dead without knowing it. */
const SILENCE_MAX_MS = 60_000;

const NOT_A_MEMBER = 1008;
const SESSION_ENDED = 4001;

/**
 * Tells its owner three kinds of news:
 * `event`     detail is one object that the server sent;
 * `state`     detail is { name, retryAt }, name one of connecting, open, waiting, ended, expelled;
 * `unopened`  the server did not take the handshake. A browser does not say why: ask over HTTP.
 */
export class Socket extends EventTarget {
  #path;
  #socket = null;
  #failures = 0;
  #timer = 0;
  #heardAt = 0;

  /** `path` is a function: it is asked before each attempt, and can name the newest `?after=`. */
  constructor(path) {
    super();
    this.#path = path;
  }

  start() {
    // The network came or went. Whether this line still holds, only a new one can tell.
    addEventListener('online', () => this.refresh());
    addEventListener('offline', () => this.refresh());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.#wake();
    });
    this.#connect();
  }

  /** Sends one object, if the line is open; says whether it was. */
  send(event) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(event));
    return true;
  }

  /** The owner calls this once the connection proved useful: the next pause is a short one again. */
  settle() {
    this.#failures = 0;
  }

  /** Drops what is there and connects at once: nothing is missed, the resuming `path` sees to it. */
  refresh() {
    if (this.#socket === null && this.#timer === 0) return;
    this.#forget();
    this.#connect();
  }

  /** Something showed that the server is there: if this socket waits, it need not wait any longer. */
  nudge() {
    if (this.#timer !== 0) this.refresh();
  }

  #wake() {
    const silent = Date.now() - this.#heardAt > SILENCE_MAX_MS;
    if (this.#timer !== 0 || silent) this.refresh();
  }

  #connect() {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}${this.#path()}`);
    this.#socket = socket;
    this.#heardAt = Date.now();
    this.#tell('connecting');
    let opened = false;
    const deadline = setTimeout(() => socket.close(), OPEN_WITHIN_MS);
    socket.addEventListener('open', () => {
      opened = true;
      clearTimeout(deadline);
      if (socket === this.#socket) this.#tell('open');
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket !== this.#socket) return;
      this.#heardAt = Date.now();
      this.dispatchEvent(new CustomEvent('event', { detail: JSON.parse(data) }));
    });
    socket.addEventListener('close', ({ code }) => {
      clearTimeout(deadline);
      if (socket === this.#socket) this.#closed(code, opened);
    });
  }

  #closed(code, opened) {
    this.#socket = null;
    if (code === SESSION_ENDED) {
      this.#tell('ended');
      return;
    }
    if (code === NOT_A_MEMBER) {
      this.#tell('expelled');
      return;
    }
    const pause = Math.min(PAUSE_FIRST_MS * 2 ** this.#failures, PAUSE_MAX_MS);
    const wait = pause * (1 + JITTER * (2 * Math.random() - 1));
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#timer = 0;
      this.#connect();
    }, wait);
    this.#tell('waiting', Date.now() + wait);
    if (!opened) this.dispatchEvent(new Event('unopened'));
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(1000);
  }

  #tell(name, retryAt = null) {
    this.dispatchEvent(new CustomEvent('state', { detail: { name, retryAt } }));
  }
}
