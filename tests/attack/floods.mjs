// Floods, one after the other, each from many connections at once: log-ins, registrations, groups, handshakes, messages, frames, and
// whatever is compressed, cut up or far too long. Beside each, a well-behaved client is timed.
//
//   cargo build --release && node tests/attack/floods.mjs target/release/secure-chat [--seconds 6] [--only WORD]
//
// Prints a row for each, and exits with 1 if a bar was missed. Needs openssl.

import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, connect, frame, listen, open } from './frames.mjs';
import { Answers, Bystander, Report, stepBack } from './report.mjs';
import { Client, form, get, register } from './requests.mjs';
import { Server } from './server.mjs';

const { positionals: [binary = 'target/release/secure-chat'], values } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: 'string', default: '6' }, only: { type: 'string', default: '' } },
});
const SECONDS = Number(values.seconds);

const server = await Server.start(binary);
const bystander = await Bystander.beside(server);
stepBack();
const accounts = {};
for (const name of ['mallory', 'grouper', 'mover']) accounts[name] = await register(server, 'plain', name);
accounts.tls = await register(server, 'tls', 'trudy');
const report = new Report(server, bystander);

const row = (name, attack, options) => (name.includes(values.only) ? report.row(name, attack, options) : undefined);
const isOver = (until) => performance.now() >= until;
const soon = () => performance.now() + SECONDS * 1000;

/** `count` lanes, each of which does something until time is over. */
async function lanes(count, act) {
  const until = soon();
  await Promise.all(Array.from({ length: count }, async (_, lane) => {
    for (let turn = 0; !isOver(until); turn += 1) await act(lane, turn, until);
  }));
}

/** Lanes with a connection each, opened anew when it was closed; `ask` gives the request. */
async function asking(count, ask, { side = 'plain', from = () => '127.0.0.9' } = {}) {
  const answers = new Answers();
  const clients = [];
  await lanes(count, async (lane, turn) => {
    try {
      if (!clients[lane] || clients[lane].isOver) clients[lane] = await Client.to(server, side, { from: from(lane) });
      const answer = await clients[lane].ask(ask(lane, turn));
      answers.note(answer?.status ?? 'cut off');
      if (/^connection: close/im.test(answer?.head ?? '')) {
        clients[lane].close();
        clients[lane] = undefined;
      }
    } catch (error) {
      answers.note(error.code ?? error.message);
      await pause(10);
    }
  });
  for (const client of clients) client?.close();
  return answers;
}

/** How a WebSocket ends, with the events before it, while `pump` fills it for as long as it takes anything. */
async function pumping(count, target, cookie, pump, { reads = true, side = 'plain' } = {}) {
  const answers = new Answers();
  await lanes(count, async (lane, turn, until) => {
    let opened;
    try {
      opened = await open(server, side, target, cookie, { from: '127.0.0.9' });
    } catch (error) {
      answers.note(error.status ?? error.code ?? error.message);
      await pause(50);
      return;
    }
    const { socket } = opened;
    const over = new Promise((resolve) => { socket.once('close', resolve); });
    socket.on('error', () => {});
    if (reads) {
      listen(opened, ({ opcode, payload }) => {
        if (opcode === CLOSE) {
          answers.note(`closed with ${payload.readUInt16BE(0)}`);
          socket.end();
        } else if (opcode === PONG) answers.note('pong');
        else if (opcode === TEXT) {
          const [, reason] = /"reason":"(\w+)"/.exec(payload) ?? [];
          if (reason) answers.note(reason);
        }
      });
    }
    for (let part = 0; !isOver(until) && !socket.destroyed && socket.writable; part += 1) {
      if (!socket.write(pump(lane, part))) await Promise.race([new Promise((resolve) => { socket.once('drain', resolve); }), over, pause(SECONDS * 1000)]);
      else await pause(0);
    }
    if (!reads) answers.note('(nothing is read)');
    // Whoever is told something has a moment to hear it.
    if (socket.writable) await Promise.race([over, pause(200)]);
    socket.destroy();
  });
  return answers;
}

const twin = (address) => `127.0.${1 + Math.floor(address / 200)}.${1 + (address % 200)}`;

await row('wrong passwords for many names, from one address', () => asking(
  300, (lane, turn) => form('/login', { name: `guess-${lane}-${turn}`, password: 'wrong password' }),
), { expected: [403, 429, 503] });

await row('wrong passwords from 40 addresses: the queue for argon2 is full', () => asking(
  400, (lane, turn) => form('/login', { name: `guess-${lane}-${turn}`, password: 'wrong password' }), { from: (lane) => twin(lane % 40) },
), { expected: [403, 429, 503] });

await row('registrations from one address', () => asking(
  400, (lane, turn) => form('/register', { name: `flood-${lane}-${turn}`, password: 'not a secret at all' }),
), { expected: [303, 429, 503] });

await row('groups made by one user', () => asking(
  50, (lane, turn) => form('/groups', { name: `group ${lane} ${turn}` }, { cookie: accounts.grouper }),
), { expected: [303, 429] });

await row('the conversation that all are in, joined and left by one user', () => asking(
  50, (lane, turn) => form(`/groups/1/${turn % 2 ? 'join' : 'leave'}`, {}, { cookie: accounts.mover }),
), { expected: [303, 429] });

await row('connections opened and dropped', async () => {
  const answers = new Answers();
  await lanes(100, async () => {
    try {
      const socket = await connect(server, 'plain', { from: '127.0.0.9' });
      socket.on('error', () => {});
      socket.resetAndDestroy();
      answers.note('accepted');
    } catch (error) {
      answers.note(error.code ?? error.message);
    }
  });
  return answers;
});

/** openssl counts for itself: new sessions, one after the other, in several processes. */
await row('TLS handshakes', async () => {
  const answers = new Answers();
  await Promise.all(Array.from({ length: 6 }, () => new Promise((resolve) => {
    const args = ['s_time', '-connect', `127.0.0.1:${server.ports.tls}`, '-new', '-time', String(SECONDS)];
    const child = spawn('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    let printed = '';
    child.stdout.on('data', (text) => { printed += text; });
    child.on('exit', () => {
      answers.note('handshakes', Number(/(\d+) connections in \d+ real seconds/.exec(printed)?.[1] ?? 0));
      resolve();
    });
  })));
  return answers;
}, { expected: ['handshakes'] });

await row('WebSocket handshakes of one user, into a conversation and out again', async () => {
  const answers = new Answers();
  await lanes(48, async () => {
    try {
      const { socket } = await open(server, 'plain', '/ws/chat/1', accounts.mallory, { from: '127.0.0.9' });
      socket.on('error', () => {});
      socket.destroy();
      answers.note(101);
    } catch (error) {
      answers.note(error.status ?? error.code ?? error.message);
    }
  });
  return answers;
}, { expected: [101, 429] });

const words = (lane, part) => Buffer.concat(Array.from({ length: 20 }, (_, n) => frame(TEXT, JSON.stringify({
  type: 'send', content: 'x'.repeat(200), client_id: `m-${lane}-${part}-${n}`,
}))));
await row('messages of one user on 32 connections', () => pumping(32, '/ws/chat/1', accounts.mallory, words), { expected: ['too_fast', 'closed with 1013', 429] });
await row('the same, and nothing is read', () => pumping(32, '/ws/chat/1', accounts.mallory, words, { reads: false }), { expected: ['(nothing is read)', 429] });

const tiny = Buffer.concat(Array.from({ length: 4000 }, () => frame(TEXT, '1')));
await row('messages of one byte that mean nothing', () => pumping(24, '/ws/chat/1', accounts.mallory, () => tiny), { expected: ['invalid', 429] });

const pings = Buffer.concat(Array.from({ length: 4000 }, () => frame(PING)));
await row('pings, read', () => pumping(24, '/ws', accounts.mallory, () => pings), { expected: ['pong', 429, 'closed with 1013'] });
await row('pings, unread', () => pumping(24, '/ws', accounts.mallory, () => pings, { reads: false }), { expected: ['(nothing is read)', 429] });
await row('pings over TLS', () => pumping(24, '/ws', accounts.tls, () => pings, { side: 'tls' }), { expected: ['pong', 429, 'closed with 1013'] });

const empties = Buffer.concat(Array.from({ length: 4000 }, () => frame(CONTINUATION, '', { fin: false })));
await row('a message of fragments without end, all empty', () => pumping(
  24, '/ws/chat/1', accounts.mallory, (lane, part) => (part === 0 ? frame(TEXT, '', { fin: false }) : empties),
), { expected: [429, 'closed with 1008', 'closed with 1009'] });

const crumbs = Buffer.concat(Array.from({ length: 4000 }, () => frame(CONTINUATION, 'x', { fin: false })));
await row('a message of fragments of one byte', () => pumping(
  24, '/ws/chat/1', accounts.mallory, (lane, part) => (part === 0 ? frame(TEXT, 'x', { fin: false }) : crumbs),
), { expected: ['closed with 1009', 'closed with 1008', 429] });

await row('frames that are compressed, unmasked, unknown or far too long', async () => {
  const bad = [
    frame(TEXT, gzipSync('hello'), { rsv1: true }), Buffer.from([0x81, 0x01, 0x78]), frame(3, 'x'), frame(BINARY, 'x'), frame(TEXT, Buffer.from([0xff])),
    frame(TEXT, '', { announced: 65537 }), frame(TEXT, '', { announced: 2 ** 40 }), frame(PING, 'x'.repeat(126)), frame(PING, '', { fin: false }),
  ];
  return pumping(24, '/ws/chat/1', accounts.mallory, (lane, part) => bad[(lane + part) % bad.length]);
}, { expected: ['closed with 1002', 'closed with 1003', 'closed with 1007', 'closed with 1009', 429] });

await row('requests of one byte a segment', async () => {
  const answers = new Answers();
  const request = get('/login');
  await lanes(100, async () => {
    const client = await Client.to(server, 'plain', { from: '127.0.0.9' });
    const answer = client.answer();
    for (const byte of request) {
      client.socket.write(byte);
      await new Promise((resolve) => { setImmediate(resolve); });
    }
    answers.note((await answer)?.status ?? 'cut off');
    client.close();
  });
  return answers;
}, { expected: [200] });

await row('requests, 200 at a time behind one another', async () => {
  const answers = new Answers();
  const many = Buffer.from(get('/login').repeat(200));
  await lanes(32, async () => {
    const socket = await connect(server, 'plain', { from: '127.0.0.9' });
    socket.on('error', () => {});
    const all = new Promise((resolve) => {
      let count = 0;
      socket.on('data', (chunk) => {
        for (let at = 0; (at = chunk.indexOf('HTTP/1.1 200', at) + 1) > 0;) count += 1;
        if (count >= 199) resolve();
      });
      socket.on('close', resolve);
    });
    socket.write(many);
    await Promise.race([all, pause(2000)]);
    answers.note('200 requests');
    socket.destroy();
  });
  return answers;
});

await row('requests that are compressed, endless or far too long', () => {
  const long = 'x'.repeat(20_000);
  const urlencoded = 'Content-Type: application/x-www-form-urlencoded\r\n';
  const bad = [
    `GET / HTTP/1.1\r\nHost: a\r\nX: ${long}\r\n\r\n`,
    `GET /${long} HTTP/1.1\r\nHost: a\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(200)}\r\n`,
    `GET / HTTP/1.1\r\nHost: a\r\nCookie: ${'a=b; '.repeat(3000)}\r\n\r\n`,
    `POST /login HTTP/1.1\r\nHost: a\r\n${urlencoded}Content-Length: 10000000000\r\n\r\n`,
    `POST /login HTTP/1.1\r\nHost: a\r\n${urlencoded}Content-Length: ${'9'.repeat(40)}\r\n\r\n`,
    `POST /login HTTP/1.1\r\nHost: a\r\n${urlencoded}Transfer-Encoding: chunked\r\n\r\nfffffffffffffff\r\n`,
    `POST /login HTTP/1.1\r\nHost: a\r\n${urlencoded}Transfer-Encoding: chunked\r\n\r\n1;${long}\r\n`,
    `POST /login HTTP/1.1\r\nHost: a\r\n${urlencoded}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
    `POST /login HTTP/1.1\r\nHost: a\r\n${urlencoded}Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nabcde`,
    form('/login', Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`field${n}`, 'x']))),
    form('/login', { name: 'x'.repeat(60_000), password: 'y' }),
    `GET / HTTP/1.1\r\nHost: a\r\nRange: bytes=${'0-1,'.repeat(1000)}\r\n\r\n`,
  ];
  return asking(100, (lane, turn) => bad[(lane + turn) % bad.length]);
}, { expected: [303, 400, 403, 413, 414, 415, 431, 501, 422, 429] });

report.end();
bystander.stop();
await server.stop();
