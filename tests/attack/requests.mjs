// HTTP as attackers and well-behaved clients speak it here: raw bytes out, whole answers back.

import { connect } from './frames.mjs';

/** The request that sends a form. */
export function form(target, fields, { cookie, extra = '' } = {}) {
  const content = new URLSearchParams(fields).toString();
  return `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\n`
    + `Content-Length: ${content.length}\r\n${cookie ? `Cookie: ${cookie}\r\n` : ''}${extra}\r\n${content}`;
}

export const get = (target, cookie) => `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n${cookie ? `Cookie: ${cookie}\r\n` : ''}\r\n`;

/** One connection that is asked one thing after the other. */
export class Client {
  #pending = Buffer.alloc(0);
  #waiting;

  static async to(server, side = 'plain', options = {}) {
    const client = new Client();
    client.socket = await connect(server, side, options);
    client.socket.on('data', (chunk) => client.#take(chunk));
    client.socket.on('error', () => {});
    client.socket.on('close', () => { client.isOver = true; client.#waiting?.(undefined); });
    return client;
  }

  /** The answer, `{ status, head, content }`; `undefined` if the connection ended without one. */
  ask(request) {
    if (this.isOver) return Promise.resolve(undefined);
    this.socket.write(request);
    return this.answer();
  }

  answer() {
    return new Promise((resolve) => {
      this.#waiting = resolve;
      this.#take(Buffer.alloc(0));
      if (this.isOver) resolve(undefined);
    });
  }

  #take(chunk) {
    this.#pending = Buffer.concat([this.#pending, chunk]);
    const end = this.#pending.indexOf('\r\n\r\n');
    if (end < 0 || !this.#waiting) return;
    const head = this.#pending.subarray(0, end).toString();
    const len = Number(head.match(/^content-length: (\d+)$/im)?.[1] ?? 0);
    if (this.#pending.length < end + 4 + len) return;
    const content = this.#pending.subarray(end + 4, end + 4 + len);
    this.#pending = this.#pending.subarray(end + 4 + len);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting({ status: Number(head.slice(9, 12)), head, content });
  }

  close() {
    this.socket.destroy();
  }
}

/** What an answer sets, as it is sent back. */
export const cookieOf = ({ head }) => [...head.matchAll(/^set-cookie: ([^;]+)/gim)].map(([, cookie]) => cookie).join('; ');

/** Registers a person, on a connection of their own: the server ends one on which somebody else was before. Gives their cookie. */
export async function register(server, side, name, { password = 'not a secret at all', ...options } = {}) {
  const client = await Client.to(server, side, options);
  const answer = await client.ask(form('/register', { name, password }));
  client.close();
  if (answer?.status !== 303) throw new Error(`${name} could not register: ${answer?.head.split('\r\n')[0]}`);
  return cookieOf(answer);
}
