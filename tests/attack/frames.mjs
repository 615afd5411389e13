// WebSockets by hand (RFC 6455), so that wrong ones can be sent, and thousands read at little cost.
// No chat in here: events are text.

import { randomBytes } from 'node:crypto';
import { connect as connectPlain } from 'node:net';
import { connect as connectTls } from 'node:tls';

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

const KEY = randomBytes(16).toString('base64');

/** One frame of a client. `announced` may lie about the length. */
export function frame(opcode, payload = '', { fin = true, rsv1 = false, announced } = {}) {
  const bytes = Buffer.from(payload);
  const len = announced ?? bytes.length;
  const head = [(fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode];
  if (len < 126) head.push(0x80 | len);
  else if (len < 65536) head.push(0x80 | 126, len >> 8, len & 0xff);
  else {
    const long = Buffer.alloc(8);
    long.writeBigUInt64BE(BigInt(len));
    head.push(0x80 | 127, ...long);
  }
  const key = randomBytes(4);
  return Buffer.concat([Buffer.from(head), key, bytes.map((byte, at) => byte ^ key[at % 4])]);
}

/** Puts the frames of a server together, however they are cut. */
export class Frames {
  #kept = Buffer.alloc(0);

  /** The frames that `chunk` makes whole: `{ opcode, payload }`. */
  * of(chunk) {
    let rest = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk]);
    for (;;) {
      if (rest.length < 2) break;
      let [at, len] = [2, rest[1]];
      if (len === 126 || len === 127) {
        at = len === 126 ? 4 : 10;
        if (rest.length < at) break;
        len = len === 126 ? rest.readUInt16BE(2) : Number(rest.readBigUInt64BE(2));
      }
      if (rest.length < at + len) break;
      yield { opcode: rest[0] & 0x0f, payload: rest.subarray(at, at + len) };
      rest = rest.subarray(at + len);
    }
    this.#kept = Buffer.from(rest);
  }
}

/** A connection to one side of a server; resolves when it stands, TLS included. */
export function connect(server, side, { from = '127.0.0.1', allowHalfOpen = false } = {}) {
  return new Promise((resolve, reject) => {
    const tcp = connectPlain({ host: '127.0.0.1', port: server.ports[side], localAddress: from, allowHalfOpen });
    tcp.setNoDelay(true);
    tcp.once('error', reject);
    if (side === 'plain') {
      tcp.once('connect', () => resolve(tcp));
      return;
    }
    const socket = connectTls({ socket: tcp, servername: 'localhost', rejectUnauthorized: false });
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

/** What is sent to have `target` upgraded. */
export function handshake(target, cookie, fields = '') {
  return `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n`
    + `Sec-WebSocket-Key: ${KEY}\r\nCookie: ${cookie}\r\n${fields}\r\n`;
}

/** An open WebSocket: `{ socket, early }`, where `early` came behind the 101. Fails with the status if it is refused. */
export async function open(server, side, target, cookie, options = {}) {
  const socket = await connect(server, side, options);
  socket.write(handshake(target, cookie, options.fields));
  return new Promise((resolve, reject) => {
    let read = Buffer.alloc(0);
    const listen = (chunk) => {
      read = Buffer.concat([read, chunk]);
      const end = read.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', listen);
      socket.pause();
      const head = read.subarray(0, end).toString();
      if (head.startsWith('HTTP/1.1 101')) resolve({ socket, head, early: read.subarray(end + 4) });
      else {
        socket.destroy();
        reject(Object.assign(new Error(head.split('\r\n')[0]), { status: Number(head.split(' ')[1]) }));
      }
    };
    socket.on('data', listen);
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed in the middle of the handshake')));
  });
}

/** Reads frames from an open WebSocket from now on, and answers pings. */
export function listen({ socket, early }, heard = () => {}) {
  const frames = new Frames();
  const take = (chunk) => {
    for (const one of frames.of(chunk)) {
      if (one.opcode === PING) socket.write(frame(PONG, one.payload));
      heard(one);
    }
  };
  if (early.length > 0) take(early);
  socket.on('data', take);
  socket.resume();
}
