// Slow peers of every kind: slow heads, bodies and readers, peers that say nothing, that vanish, and readers of the chat that cannot keep
// up. Beside each, a well-behaved client is timed.
//
//   cargo build --release && node tests/attack/slow.mjs target/release/secure-chat [--only WORD]
//
// Prints a row for each, and exits with 1 if a bar was missed. Needs slowhttptest, which judges for itself.

import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CLOSE, TEXT, connect, frame, listen, open } from './frames.mjs';
import { Answers, Bystander, Report, quantile, stepBack } from './report.mjs';
import { Client, form, register } from './requests.mjs';
import { Server } from './server.mjs';

const { positionals: [binary = 'target/release/secure-chat'], values } = parseArgs({
  allowPositionals: true, options: { only: { type: 'string', default: '' } },
});

/** slowhttptest comes from one address with so many connections in all, of which the server lets in 1000; those beyond get 503. */
const SLOW_CONNECTIONS = 1200;
/** When a peer of which nothing is heard is given up: two pings of thirty seconds. */
const DEAD_AFTER_MS = 60_000;

const server = await Server.start(binary, ['--message-rate', '1000']);
const bystander = await Bystander.beside(server);
stepBack();
const report = new Report(server, bystander);
const row = (name, attack, options) => (name.includes(values.only) ? report.row(name, attack, options) : undefined);

/** How slowhttptest ended, in so many seconds at most: it does when no connection is left to it. */
function slowhttptest(side, seconds, args) {
  const all = ['-c', String(SLOW_CONNECTIONS / 2), '-r', '300', '-l', String(seconds), '-u', server.url(side) + '/login', '-p', '2', ...args];
  const child = spawn('slowhttptest', all, { stdio: ['ignore', 'pipe', 'ignore'], cwd: server.folder });
  let printed = '';
  child.stdout.on('data', (text) => { printed += text; });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => {
      // eslint-disable-next-line no-control-regex
      const plain = printed.replace(/\u001b\[[\d;]*m/g, '');
      resolve(/Exit status:\s*(.*)/i.exec(plain)?.[1].trim() ?? 'it said nothing');
    });
  });
}

/** Both sides at once. */
async function both(seconds, args) {
  const answers = new Answers();
  await Promise.all(['plain', 'tls'].map(async (side) => {
    const begun = performance.now();
    const status = await slowhttptest(side, seconds, args);
    answers.note(`${side}: “${status}” after ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  }));
  return answers;
}

/** `count` connections on each side that send `bytes` after TCP, and no more; how they end. */
async function mute(count, { plain, tls }) {
  const answers = new Answers();
  const until = performance.now() + 15_000;
  const one = (side, bytes) => new Promise((resolve) => {
    const raw = { ports: { plain: server.ports[side] } };
    connect(raw, 'plain', { from: '127.0.0.9' }).then((socket) => {
      const begun = performance.now();
      let got = '';
      socket.write(bytes);
      socket.on('data', (data) => { got ||= data.toString('latin1').slice(0, 12); });
      socket.on('error', () => {});
      socket.on('close', () => {
        answers.note(`${side} ${/^HTTP/.test(got) ? got.slice(9) : 'closed'} after ${Math.round((performance.now() - begun) / 1000)} s`);
        resolve();
      });
      setTimeout(() => {
        if (!socket.destroyed) answers.note(`${side} still open`);
        socket.destroy();
      }, until - performance.now());
    }, (error) => { answers.note(error.code); resolve(); });
  });
  await Promise.all(Array.from({ length: count }, () => [plain !== undefined && one('plain', plain), tls !== undefined && one('tls', tls)]).flat());
  return answers;
}

// Peers that vanish take a minute to be found; so they begin now, and are looked at in the end.
const vanished = [];
const vanishedAt = performance.now();
if ('half-open'.includes(values.only) || values.only === '') {
  for (let user = 0; user < 10; user += 1) {
    const cookie = await register(server, 'plain', `vanished-${user}`, { from: '127.0.0.8' });
    for (let number = 0; number < 30; number += 1) {
      const opened = await open(server, 'plain', number % 2 ? '/ws' : '/ws/chat/1', cookie, { from: '127.0.0.8' });
      // Never read again, and no ping of the server is answered: as if the cable had been cut.
      opened.socket.pause();
      opened.socket.on('error', () => {});
      vanished.push(opened.socket);
    }
  }
}

await row('slow heads (slowhttptest -H)', () => both(18, ['-H', '-i', '1', '-x', '24']));
await row('slow bodies (slowhttptest -B)', () => both(36, ['-B', '-i', '2', '-s', '8192', '-x', '10']));
await row('slow readers (slowhttptest -X)', () => both(18, ['-X', '-w', '1', '-y', '10', '-n', '1', '-z', '1', '-k', '3']));
await row('connect and say nothing, 450 on each port', () => mute(450, { plain: '', tls: '' }));
await row('half a ClientHello, half a head', () => mute(450, { plain: 'GET /login HTTP/1.1\r\nHos', tls: Buffer.from('1603010200010001fc0303', 'hex') }));

/** Members that read nothing while others talk: enough is said for their buffers, the system's included, to be full. */
await row('readers of a conversation that stop reading', async () => {
  const answers = new Answers();
  const from = { from: '127.0.0.7' };
  const speaker = await register(server, 'plain', 'speaker', from);
  const others = [];
  for (let n = 0; n < 5; n += 1) others.push(await register(server, 'plain', `other-${n}`, from));
  const client = await Client.to(server, 'plain', from);
  const group = Number((await client.ask(form('/groups', { name: 'slow' }, { cookie: speaker }))).head.match(/^location: \/chat\/(\d+)/im)[1]);
  client.close();
  for (const cookie of others) {
    const joining = await Client.to(server, 'plain', from);
    await joining.ask(form(`/groups/${group}/join`, {}, { cookie }));
    joining.close();
  }
  const path = `/ws/chat/${group}`;
  const speaking = await open(server, 'plain', path, speaker, from);
  listen(speaking);
  const sent = new Map();
  const waits = [];
  const quick = await Promise.all(others.map((cookie) => open(server, 'plain', path, cookie, from)));
  for (const [n, one] of quick.entries()) {
    listen(one, ({ opcode, payload }) => {
      if (opcode === CLOSE) answers.note('quick reader closed');
      const id = opcode === TEXT && /"client_id":"(s-\d+)"/.exec(payload.subarray(-40).toString())?.[1];
      if (id) waits.push(performance.now() - sent.get(id));
    });
  }
  const slow = await Promise.all(Array.from({ length: 20 }, (_, n) => open(server, 'plain', path, others[n % 5], from)));
  const TOTAL = 900;
  const long = '€'.repeat(3900);
  for (let n = 0; n < TOTAL; n += 1) {
    sent.set(`s-${n}`, performance.now());
    speaking.socket.write(frame(TEXT, JSON.stringify({ type: 'send', content: `${n} ${long}`, client_id: `s-${n}` })));
    await pause(8);
  }
  await pause(500);
  if (waits.length !== TOTAL * quick.length) answers.note('deliveries missing', TOTAL * quick.length - waits.length);
  answers.note(`others: p99 ${quantile(waits, 0.99).toFixed(0)} ms, max ${quantile(waits, 1).toFixed(0)} ms`);
  report.bar('slow chat readers', quantile(waits, 1) <= 1000, `the others waited up to ${quantile(waits, 1).toFixed(0)} ms`);
  // Now they read what they were sent, and come back for what they missed.
  for (const [n, opened] of slow.entries()) {
    const got = new Set();
    let change = 0;
    const take = (payload) => {
      const event = JSON.parse(payload);
      for (const message of event.messages ?? (event.message ? [event.message] : [])) {
        if (got.has(message.id)) answers.note('a message twice');
        got.add(message.id);
        change = Math.max(change, message.change);
      }
      if (event.type === 'ready') change = Math.max(change, event.change);
      return event.type;
    };
    const code = await new Promise((resolve) => {
      listen(opened, ({ opcode, payload }) => {
        if (opcode === TEXT) take(payload);
        else if (opcode === CLOSE) resolve(payload.readUInt16BE(0));
      });
      opened.socket.on('end', () => resolve('cut off'));
      opened.socket.on('error', () => resolve('cut off'));
    });
    opened.socket.destroy();
    answers.note(`slow reader: ${code}`);
    const before = got.size;
    const back = await open(server, 'plain', `${path}?after=${change}`, others[n % 5], from);
    await new Promise((resolve) => {
      listen(back, ({ opcode, payload }) => { if (opcode === TEXT && take(payload) === 'ready') resolve(); });
    });
    back.socket.destroy();
    answers.note(got.size === TOTAL ? 'caught up whole' : `has ${got.size} of ${TOTAL} (${before} before)`);
  }
  const given = server.log().match(/by us, 1013/g)?.length ?? 0;
  answers.note('closed with 1013', given);
  report.bar('slow chat readers', given === slow.length && answers.get('caught up whole') === slow.length, answers.toString());
  for (const { socket } of [speaking, ...quick]) socket.destroy();
  return answers;
});

if (vanished.length > 0) {
  await row('half-open: 300 WebSockets whose peers are gone without a word', async () => {
    const answers = new Answers();
    const left = DEAD_AFTER_MS + 3000 - (performance.now() - vanishedAt);
    await pause(Math.max(left, 3000));
    const ends = server.log().match(/silent for 60s/g)?.length ?? 0;
    answers.note('given up as silent', ends);
    report.bar('half-open', ends === vanished.length, `${ends} of ${vanished.length} were given up`);
    return answers;
  });
}

report.end();
bystander.stop();
await server.stop();
process.exit();
