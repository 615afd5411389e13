// A chat program over the `ws` package: says things, acknowledges, comes back with `?after=` (docs/PROTOCOL.md).
// Holds the server to its promises while it goes: every event once, every change later than the one before.

import assert from 'node:assert/strict';
import WebSocket from 'ws';
import { after, until, withDeadline } from '../deadline.mjs';
import { join, register } from './account.mjs';

/** The first group, which always exists. */
export const LOBBY = 1;

/** The limit for one user; one more is refused. */
export const MESSAGES_A_SECOND = 10;

/** Reconnecting at once would be a busy loop while the server is down. */
const RECONNECT_PAUSE_MS = 50;

/** The text of a refusal asks to try again later. */
const REPEAT_PAUSE_MS = 200;

/** A socket of `account` that is being opened; whoever must miss nothing listens to it before it is. */
export function dial(server, account, target, { headers = {}, ...options } = {}) {
  const base = server.urls[account.transport];
  return new WebSocket(new URL(target, base.replace(/^http/, 'ws')), {
    ca: server.certificate,
    perMessageDeflate: false,
    handshakeTimeout: 20_000,
    headers: { Origin: new URL(base).origin, ...(account.cookie ? { Cookie: account.cookie } : {}), ...headers },
    ...options,
  });
}

/** Resolves when the socket is open, fails with an error that has the `status` if the upgrade is refused. */
export function opened(socket) {
  return new Promise((resolve, reject) => {
    socket.on('open', resolve);
    socket.on('error', reject);
    socket.on('unexpected-response', (request, response) => {
      request.destroy();
      reject(Object.assign(new Error(`upgrade refused with ${response.statusCode}`), {
        status: response.statusCode,
        headers: response.headers,
      }));
    });
  });
}

/** The `status` and `headers` with which an upgrade is refused. */
export async function refusalOf(server, account, target, options) {
  const socket = dial(server, account, target, options);
  try {
    await opened(socket);
    socket.terminate();
  } catch (error) {
    if (error.status) return error;
    throw error;
  }
  throw new Error(`${target} was upgraded, but should have been refused`);
}

/** One socket of a conversation or of the news, with all events it got. */
export class Listener {
  events = [];

  static async open(server, account, target, options) {
    const listener = new Listener(dial(server, account, target, options));
    await opened(listener.socket);
    return listener;
  }

  constructor(socket) {
    this.socket = socket;
    socket.on('message', (data, isBinary) => {
      assert(!isBinary, 'events are text messages');
      this.events.push(JSON.parse(data.toString('utf8')));
    });
    this.ended = new Promise((resolve) => {
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
  }

  send(event) {
    this.socket.send(JSON.stringify(event));
  }

  /** Says something, and gives the event that answers: it is there, or refused for another reason than haste. */
  async say(content, clientId) {
    const isAnswer = (event) => event.client_id === clientId || event.message?.client_id === clientId;
    for (;;) {
      const seen = this.events.length;
      this.send({ type: 'send', content, client_id: clientId });
      const answer = await until(`an answer to ${clientId}`, () => this.events.slice(seen).find(isAnswer));
      if (answer.reason !== 'too_fast') return answer;
      await after(answer.retry_after_ms);
    }
  }

  /** The first event that fits, past ones included. */
  event(what, fits, withinMs) {
    const matches = typeof fits === 'string' ? (event) => event.type === fits : fits;
    return until(what, () => this.events.find(matches), withinMs);
  }

  /** `{ code, reason }` once the server has closed. */
  closed() {
    return withDeadline('the socket closes', this.ended);
  }

  close() {
    this.socket.terminate();
  }
}

/** Has `texts` said in a group, in this order, by as many users as the limit of ten a second calls for. */
export async function say(server, transport, group, texts) {
  for (let from = 0; from < texts.length; from += MESSAGES_A_SECOND) {
    const account = await register(server, transport, `speaker-${transport}-${from}`);
    await join(server, account, group);
    const listener = await Listener.open(server, account, `/ws/chat/${group}`);
    await listener.event('ready', 'ready');
    for (const [n, content] of texts.slice(from, from + MESSAGES_A_SECOND).entries()) {
      const clientId = `speaker-${from}-${n}`;
      listener.send({ type: 'send', content, client_id: clientId });
      await listener.event(`“${content}” is stored`, (event) => event.message?.client_id === clientId);
    }
    listener.close();
  }
}

/** So many chatters in the first group, half of them over TLS if the server speaks it, all connected. */
export async function gather(server, count) {
  const transports = Object.keys(server.urls);
  const chatters = [];
  for (let n = 0; n < count; n += 1) {
    const account = await register(server, transports[n % transports.length], `chatter-${n}`);
    await join(server, account, LOBBY);
    chatters.push(new Chatter(server, account, LOBBY));
  }
  await until('everyone is connected', () => chatters.every((chatter) => chatter.live));
  return chatters;
}

/**
 * A client that sends a stream of numbered messages and survives any number of restarts. What it is told to be not
 * stored it sends again, a little later.
 */
export class Chatter {
  /** Messages by id, as this client's screen would hold them. */
  messages = new Map();
  /** What was sent and not yet acknowledged, oldest first: client_id → content. */
  waiting = new Map();
  /** client_id → message id, once acknowledged. */
  acknowledged = new Map();
  greatestChange = 0;
  connections = 0;
  sentCount = 0;
  /** How many times something was not stored. */
  refusals = 0;
  faults = [];

  constructor(server, account, group) {
    Object.assign(this, { server, account, group });
    this.running = this.#live();
  }

  /** Puts one more message on its way; if there is no connection it waits for the next. */
  say() {
    this.sentCount += 1;
    const clientId = `${this.account.name}-${this.sentCount}`;
    this.waiting.set(clientId, `${this.account.name} says ${this.sentCount}`);
    if (this.live) this.#send(clientId);
  }

  /** Ends the connection for good. */
  async leave() {
    this.leaving = true;
    this.socket?.terminate();
    await this.running;
  }

  #send(clientId) {
    this.socket.send(JSON.stringify({ type: 'send', content: this.waiting.get(clientId), client_id: clientId }));
  }

  /** Unless it has gone out with others after a reconnect. */
  #repeat(clientId) {
    if (this.live && this.waiting.has(clientId)) this.#send(clientId);
  }

  async #live() {
    while (!this.leaving) {
      const target = `/ws/chat/${this.group}${this.connections > 0 ? `?after=${this.greatestChange}` : ''}`;
      this.repeated = new Set(this.waiting.keys());
      this.socket = dial(this.server, this.account, target);
      const ended = new Promise((resolve) => { this.socket.once('close', resolve); });
      this.socket.on('message', (data) => this.#meet(JSON.parse(data.toString('utf8'))));
      await opened(this.socket).catch((error) => {
        if (error.status) this.faults.push(error.message);
        return after(RECONNECT_PAUSE_MS);
      });
      await ended;
      this.live = false;
    }
  }

  #meet(event) {
    switch (event.type) {
      case 'hello':
        this.connections += 1;
        break;
      case 'history':
        if (this.connections > 1) this.faults.push('a history instead of a replay after a reconnect');
        for (const message of event.messages) this.#take(message);
        break;
      case 'replay':
        for (const message of event.messages) this.#take(message);
        break;
      case 'ready':
        this.greatestChange = Math.max(this.greatestChange, event.change);
        this.live = true;
        // In their order: what the author said first must be stored first.
        for (const clientId of this.waiting.keys()) this.#send(clientId);
        break;
      case 'message':
        this.#take(event.message);
        break;
      case 'refused':
        if (event.reason === 'not_stored') {
          this.refusals += 1;
          setTimeout(() => this.#repeat(event.client_id), REPEAT_PAUSE_MS);
        } else this.faults.push(`refused: ${event.reason} ${event.text}`);
        break;
      default: // presence, members, typing: nothing to keep
    }
  }

  #take(message) {
    const mine = message.author.id === this.account.id || message.author.name === this.account.name;
    // Only a repeat after a lost acknowledgement may answer with an old message, and only to its author.
    const isRepeat = mine && this.repeated.has(message.client_id) && this.messages.has(message.id);
    if (!isRepeat) {
      if (message.change <= this.greatestChange) this.faults.push(`change ${message.change} came after ${this.greatestChange}`);
      if (this.messages.has(message.id)) this.faults.push(`message ${message.id} came twice`);
    }
    this.messages.set(message.id, message);
    this.greatestChange = Math.max(this.greatestChange, message.change);
    if (mine && this.waiting.delete(message.client_id)) this.acknowledged.set(message.client_id, message.id);
  }
}
