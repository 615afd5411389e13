// What recording costs: the server's CPU time per unit of work with it, in relation to the same without it (`--no-wire`).
//
//   cargo build --release && node benches/recording_cost.mjs target/release/secure-chat [rounds [scenario]]
//
// A fresh server for each measurement, rounds interleaved, medians of the ratios: machines are noisy, ratios within a round hardly are.
// Every client is a few lines over a bare socket, on loopback; only the server's own CPU time is counted (/proc, so Linux).

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';

const [binary = 'target/release/secure-chat', rounds = '5', only = ''] = process.argv.slice(2);
const REPOSITORY = path.resolve(import.meta.dirname, '..');
const TICKS_PER_SECOND = 100; // USER_HZ, the same on every Linux that runs this

const REQUESTS = 60_000;
const PIPELINED = 8;
const CONNECTIONS = 8;
const DOWNLOAD_BYTES = 4 * 1024 * 1024; // the largest file that the server hands out
const DOWNLOADS = 80;
const MEMBERS = 100;
const SENDERS = 25;
const MESSAGES_PER_SENDER = 30; // at eight a second, below the server's limit of ten

class Server {
  static async start(scheme, isRecorded, flags = []) {
    const server = new Server();
    server.scheme = scheme;
    server.folder = mkdtempSync(path.join(os.tmpdir(), 'secure-chat-cost-'));
    const args = ['--host', '127.0.0.1', '--port', '0', ...flags];
    if (scheme === 'https') args.push('--tls');
    if (!isRecorded) args.push('--no-wire');
    server.process = spawn(path.resolve(binary), args, { cwd: server.folder, stdio: ['ignore', 'pipe', 'ignore'] });
    server.port = await new Promise((resolve, reject) => {
      let printed = '';
      server.process.on('exit', () => reject(new Error(`the server has stopped:\n${printed}`)));
      server.process.stdout.on('data', (text) => {
        printed += text;
        const url = printed.match(/^https?:\/\/\S+:(\d+)$/m);
        if (url && printed.includes('Ctrl-C')) resolve(Number(url[1]));
      });
    });
    return server;
  }

  cpuSeconds() {
    const fields = readFileSync(`/proc/${this.process.pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
  }

  connect() {
    const where = { host: '127.0.0.1', port: this.port };
    return new Promise((resolve, reject) => {
      const socket = this.scheme === 'https'
        ? tls.connect({ ...where, rejectUnauthorized: false }, () => resolve(socket))
        : net.connect(where, () => resolve(socket));
      socket.setNoDelay(true);
      socket.once('error', reject);
    });
  }

  stop() {
    this.process.removeAllListeners('exit');
    return new Promise((resolve) => {
      this.process.on('exit', () => {
        rmSync(this.folder, { recursive: true });
        resolve();
      });
      this.process.kill('SIGTERM');
    });
  }
}

/** Whole responses of one connection, by their Content-Length: how many, and the head of the latest. */
class Responses {
  constructor(socket) {
    this.pending = Buffer.alloc(0);
    this.bodyLeft = 0;
    this.waiting = [];
    socket.on('data', (chunk) => this.take(chunk));
  }

  next() {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  take(chunk) {
    if (this.bodyLeft > chunk.length) {
      this.bodyLeft -= chunk.length;
      return;
    }
    this.pending = this.bodyLeft > 0 ? chunk.subarray(this.bodyLeft) : Buffer.concat([this.pending, chunk]);
    if (this.bodyLeft > 0) this.end();
    this.bodyLeft = 0;
    for (let end; (end = this.pending.indexOf('\r\n\r\n')) >= 0;) {
      this.head = this.pending.subarray(0, end).toString();
      const length = Number(this.head.match(/^content-length: (\d+)$/im)?.[1] ?? 0);
      const rest = this.pending.subarray(end + 4);
      if (rest.length < length) {
        this.bodyLeft = length - rest.length;
        this.pending = Buffer.alloc(0);
        return;
      }
      this.pending = rest.subarray(length);
      this.end();
    }
  }

  end() {
    this.waiting.shift()?.(this.head);
  }
}

async function ask(socket, responses, request) {
  socket.write(request);
  return responses.next();
}

const get = (target) => `GET ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`;

/** Small requests, pipelined on a few connections. Gives how many. */
async function smallRequests(server, target) {
  const one = get(target);
  await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    const socket = await server.connect();
    const responses = new Responses(socket);
    for (let sent = 0; sent < REQUESTS / CONNECTIONS; sent += PIPELINED) {
      socket.write(one.repeat(PIPELINED));
      await Promise.all(Array.from({ length: PIPELINED }, () => responses.next()));
    }
    socket.destroy();
  }));
  return REQUESTS;
}

/** A large file, again and again on one connection. Gives how many MiB. */
async function downloads(server) {
  const socket = await server.connect();
  const responses = new Responses(socket);
  for (let count = 0; count < DOWNLOADS; count += 1) {
    const head = await ask(socket, responses, get('/static/large.js'));
    if (!head.startsWith('HTTP/1.1 200')) throw new Error(head);
  }
  socket.destroy();
  return (DOWNLOADS * DOWNLOAD_BYTES) / (1024 * 1024);
}

/** A masked text frame of a client (RFC 6455 §5.2), shorter than 126 bytes. */
function frame(text) {
  const payload = Buffer.from(text);
  const key = randomBytes(4);
  return Buffer.concat([Buffer.from([0x81, 0x80 | payload.length]), key, payload.map((byte, at) => byte ^ key[at % 4])]);
}

/** Everybody registers and enters the lobby. */
async function enter(server) {
  const sockets = [];
  for (let number = 0; number < MEMBERS; number += 1) {
    const socket = await server.connect();
    const form = `name=member${number}&password=not+a+secret+at+all`;
    const registered = await ask(socket, new Responses(socket), `POST /register HTTP/1.1\r\nHost: 127.0.0.1\r\n`
      + `Content-Type: application/x-www-form-urlencoded\r\nContent-Length: ${form.length}\r\n\r\n${form}`);
    const cookie = registered.match(/^set-cookie: ([^;]+)/im)[1];
    socket.destroy();
    const member = await server.connect();
    await ask(member, new Responses(member), `GET /ws/chat/1 HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: ${cookie}\r\n`
      + 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
    member.removeAllListeners('data');
    sockets.push(member);
  }
  return sockets;
}

/** Some talk, all listen; counted by a word that stands in each message once. Gives how many deliveries. */
async function broadcasts(server, sockets) {
  const expected = MEMBERS * SENDERS * MESSAGES_PER_SENDER;
  let delivered = 0;
  const all = new Promise((resolve) => {
    for (const socket of sockets) {
      socket.on('data', (chunk) => {
        for (let at = 0; (at = chunk.indexOf('the-word-that-counts', at) + 1) > 0;) delivered += 1;
        if (delivered >= expected) resolve();
      });
    }
  });
  for (let turn = 0; turn < MESSAGES_PER_SENDER; turn += 1) {
    for (const [number, socket] of sockets.slice(0, SENDERS).entries()) {
      const id = `${number}`.padStart(16, '0') + `${turn}`.padStart(16, '0');
      socket.write(frame(JSON.stringify({ type: 'send', client_id: id, content: 'the-word-that-counts' })));
    }
    await new Promise((resolve) => setTimeout(resolve, 125));
  }
  // A word that is cut in two by the network is missed; so the last few are waited for, but not for ever.
  await Promise.race([all, new Promise((resolve) => setTimeout(resolve, 2000))]);
  if (delivered < expected * 0.98) throw new Error(`only ${delivered} of ${expected} deliveries came`);
  return expected;
}

const SCENARIOS = [
  ['page, HTTP', 'µs/request', 'http', (server) => smallRequests(server, '/login')],
  ['page, TLS', 'µs/request', 'https', (server) => smallRequests(server, '/login')],
  ['file, HTTP', 'µs/request', 'http', (server) => smallRequests(server, '/static/favicon.svg')],
  ['file, TLS', 'µs/request', 'https', (server) => smallRequests(server, '/static/favicon.svg')],
  ['4 MiB, HTTP', 'µs/MiB', 'http', downloads],
  ['4 MiB, TLS', 'µs/MiB', 'https', downloads],
  ['broadcast, HTTP', 'µs/delivery', 'http', broadcasts],
  ['broadcast, TLS', 'µs/delivery', 'https', broadcasts],
];

async function measure([, , scheme, work], isRecorded) {
  const assets = mkdtempSync(path.join(os.tmpdir(), 'secure-chat-assets-'));
  try {
    const flags = [];
    if (work === downloads) {
      for (const name of ['templates', 'static']) cpSync(path.join(REPOSITORY, name), path.join(assets, name), { recursive: true });
      writeFileSync(path.join(assets, 'static', 'large.js'), Buffer.alloc(DOWNLOAD_BYTES, 'x'));
      flags.push('--assets', assets);
    }
    const server = await Server.start(scheme, isRecorded, flags);
    const people = work === broadcasts ? await enter(server) : [];
    const before = server.cpuSeconds();
    const units = await work(server, people);
    const micros = ((server.cpuSeconds() - before) * 1e6) / units;
    for (const person of people) person.destroy();
    await server.stop();
    return micros;
  } finally {
    rmSync(assets, { recursive: true });
  }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

for (const scenario of SCENARIOS.filter(([name]) => name.includes(only))) {
  const recorded = [];
  const bare = [];
  for (let round = 0; round < Number(rounds); round += 1) {
    for (const isRecorded of round % 2 === 0 ? [true, false] : [false, true]) {
      (isRecorded ? recorded : bare).push(await measure(scenario, isRecorded));
    }
  }
  const ratios = recorded.map((micros, round) => micros / bare[round]);
  const range = `${Math.min(...ratios).toFixed(3)}–${Math.max(...ratios).toFixed(3)}`;
  console.log(`${scenario[0].padEnd(16)} ${median(bare).toFixed(2).padStart(8)} → ${median(recorded).toFixed(2).padStart(8)} ${scenario[1].padEnd(12)}`
    + ` ratio ${median(ratios).toFixed(3)} (${range})`);
}
