// A busy room of a thousand beside ten thousand idle connections, for minutes: how late deliveries come, whether memory stays flat, whether
// all descriptors come back, and what those are told who come when the server is full.
//
//   cargo build --release && node tests/attack/soak.mjs target/release/secure-chat --folder target/soak [--minutes 10] [--no-wire]
//
// The first run registers the people in FOLDER, which takes a minute; later ones find them there. `ulimit -n` must allow 12,000.
// Prints what it saw, and exits with 1 if a bar was missed.

import { fork } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { TEXT, frame, listen, open } from './frames.mjs';
import { Bystander, Report, quantile } from './report.mjs';
import { Client, form, get, register } from './requests.mjs';
import { Server } from './server.mjs';

const { positionals: [binary = 'target/release/secure-chat'], values } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '10' },
    folder: { type: 'string', default: 'target/soak' },
    members: { type: 'string', default: '1000' },
    idle: { type: 'string', default: '10000' },
    'no-wire': { type: 'boolean', default: false },
  },
});
const MINUTES = Number(values.minutes);
const MEMBERS = Number(values.members);
const IDLE = Number(values.idle);

/** One user may have so many sockets open. */
const SOCKETS_PER_USER = 32;
const IDLERS = Math.ceil(IDLE / SOCKETS_PER_USER);
/** A room in which so much is said that nobody can read it all. */
const MESSAGES_PER_SECOND = 20;
const SPEAKERS = 50;
/** The bystander's page and two conversations; its log-ins have no place when the server is full, so here it does none. */
const BYSTANDER = 3;
const LATE_MS_MAX = 1000;
/** Until then buffers and the record of connections, which is bounded, have filled. */
const WARM_MS = Math.min(180_000, MINUTES * 60_000 / 3);
const GROWTH_MIB_MAX = 16;
const TURNED_AWAY_AT_ONCE = 20;

/** The people, once: cookies of the members of group 2 and of those who idle, who are not in it. */
async function people() {
  const file = path.join(values.folder, 'cookies.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file));
  const server = await Server.start(binary, ['--no-wire'], values.folder);
  const made = { members: [], idlers: [] };
  const from = (number) => ({ from: `127.0.3.${1 + Math.floor(number / 500)}` });
  await Promise.all(Array.from({ length: 8 }, async (_, lane) => {
    for (let number = lane; number < MEMBERS + IDLERS; number += 8) {
      const isMember = number < MEMBERS;
      const side = !isMember && number % 2 ? 'tls' : 'plain';
      const cookie = await register(server, side, `person${number}`, from(number));
      if (isMember) made.members[number] = cookie;
      else made.idlers[number - MEMBERS] = [side, cookie];
    }
  }));
  const ask = async (request) => {
    const client = await Client.to(server);
    const answer = await client.ask(request);
    client.close();
    if (answer.status !== 303) throw new Error(answer.head);
  };
  await ask(form('/groups', { name: 'busy' }, { cookie: made.members[0] }));
  for (const cookie of made.members.slice(1)) await ask(form('/groups/2/join', {}, { cookie }));
  await server.stop();
  writeFileSync(file, JSON.stringify(made));
  return made;
}

const { members, idlers } = await people();
const places = MEMBERS + IDLE + BYSTANDER;
const server = await Server.start(binary, [
  '--max-connections', String(places), '--max-per-address', String(places), ...(values['no-wire'] ? ['--no-wire'] : []),
], values.folder);
const bystander = await Bystander.beside(server, ['--no-log-in']);
const crowd = fork(path.join(import.meta.dirname, 'crowd.mjs'));
const tellCrowd = (word) => new Promise((resolve, reject) => {
  crowd.once('message', (answer) => (answer.failure ? reject(new Error(answer.failure)) : resolve(answer)));
  crowd.send(word);
});
const report = new Report(server, bystander);

const isOfDatabases = (name) => name.includes('.sqlite3');
/** What is open, but for the databases' files: each of their few connections opens its own when it is first used, and keeps them. */
const opened = () => server.descriptorNames().filter((name) => !isOfDatabases(name));
/** Two databases with a writer and four readers each, which open the database, its log and the log's index; and the two locks. */
const OF_DATABASES_MAX = 2 * (1 + 4) * 3 + 2;

// With nobody but the bystander inside, and all else open that many at once make the server open.
const early = await Promise.all(members.slice(0, 100).map((cookie) => open(server, 'plain', '/ws/chat/2', cookie)));
for (const conversation of early) {
  listen(conversation);
  conversation.socket.destroy();
}
await pause(2000);
const before = { names: opened(), memory: server.memory() };

const sockets = Array.from({ length: IDLE }, (_, n) => {
  const [side, cookie] = idlers[Math.floor(n / SOCKETS_PER_USER)];
  return [side, '/ws', cookie];
});
const begunAt = performance.now();
await tellCrowd({ ports: server.ports, sockets, from: '127.0.0.4' });
const withIdle = server.memory();

const MESSAGE = Buffer.from('{"type":"message"');

/** How many messages each member was told, and the id of the latest: each comes once, and for all in the same order. */
const heard = new Int32Array(MEMBERS);
const latest = new Float64Array(MEMBERS);
const lates = new Float64Array(Math.ceil(MINUTES * 60 * MESSAGES_PER_SECOND) + 10);
const faults = [];
let deliveries = 0;
let over100 = 0;
let said = 0;
const saidAt = [];
const inside = [];
let isOver = false;
await Promise.all(Array.from({ length: 16 }, async (_, lane) => {
  for (let number = lane; number < MEMBERS; number += 16) {
    const opened = await open(server, 'plain', '/ws/chat/2', members[number], { from: '127.0.0.5' });
    inside[number] = opened.socket;
    opened.socket.on('close', () => { if (!isOver) faults.push(`member ${number} was closed`); });
    listen(opened, ({ opcode, payload }) => {
      if (opcode !== TEXT || !payload.subarray(0, 17).equals(MESSAGE)) return;
      const at = payload.indexOf('"content":"no ');
      const n = Number.parseInt(payload.toString('latin1', at + 14, at + 24), 10);
      const id = Number.parseInt(payload.toString('latin1', payload.indexOf('"id":') + 5, payload.indexOf('"id":') + 20), 10);
      if (!(id > latest[number])) faults.push(`member ${number} was told message ${id} after ${latest[number]}`);
      latest[number] = id;
      heard[number] += 1;
      const late = performance.now() - saidAt[n];
      lates[n] = Math.max(lates[n], late);
      deliveries += 1;
      if (late > 100) over100 += 1;
    });
  }
}));
console.error(`everybody is inside after ${((performance.now() - begunAt) / 1000).toFixed(0)} s`);

/** What those are answered who come when the server is full, and whether they are turned away at once. */
const turnedAway = {};
async function comeInVain() {
  await Promise.all(Array.from({ length: TURNED_AWAY_AT_ONCE }, async (_, n) => {
    try {
      const client = await Client.to(server, n % 2 ? 'tls' : 'plain');
      const answer = await client.ask(get('/login'));
      const told = answer ? `${answer.status}${/^retry-after: /im.test(answer.head) ? ' with Retry-After' : ''}` : 'closed without a word';
      turnedAway[told] = (turnedAway[told] ?? 0) + 1;
      client.close();
    } catch (error) {
      turnedAway[error.code ?? error.message] = (turnedAway[error.code ?? error.message] ?? 0) + 1;
    }
  }));
}

// How late this process itself is: what it adds to what it measures.
const lag = [];
let lagAt = performance.now();
setInterval(() => {
  lag.push(performance.now() - lagAt - 10);
  lagAt = performance.now();
}, 10).unref();

const memory = [];
await report.row(`${IDLE} idle connections, ${MEMBERS} in a room with ${MESSAGES_PER_SECOND} messages a second, ${MINUTES} min`, async () => {
  const start = performance.now();
  const end = start + MINUTES * 60_000;
  let visits = 0;
  for (; performance.now() < end; said += 1) {
    const wait = start + said * (1000 / MESSAGES_PER_SECOND) - performance.now();
    if (wait > 0) await pause(wait);
    saidAt[said] = performance.now();
    const event = { type: 'send', content: `no ${said} ${'x'.repeat(64)}`, client_id: `${server.child.pid}-${said}` };
    inside[said % SPEAKERS].write(frame(TEXT, JSON.stringify(event)));
    if (said % (MESSAGES_PER_SECOND * 5) === 0) memory.push([performance.now() - start, server.memory()]);
    if (performance.now() - start > visits * 10_000) {
      visits += 1;
      comeInVain();
    }
  }
  const patience = performance.now() + 5000;
  while (heard.some((count) => count < said) && performance.now() < patience) await pause(50);
  memory.push([performance.now() - start, server.memory()]);
  return { toString: () => `${deliveries} deliveries`, others: () => [] };
}, { memoryMax: 800 });

isOver = true;
const missing = heard.reduce((sum, count) => sum + said - count, 0);
const { open: stillOpen, closes } = await tellCrowd('count');
for (const socket of inside) socket.destroy();
await tellCrowd('leave');
crowd.disconnect();

const until = performance.now() + 10_000;
while (opened().length > before.names.length && performance.now() < until) await pause(100);
const after = { names: opened(), memory: server.memory() };

const late = [...lates.slice(0, said)];
const warm = memory.filter(([at]) => at >= WARM_MS).map(([, held]) => held);
const firstWarm = warm.slice(0, Math.ceil(warm.length / 5));
const lastWarm = warm.slice(-Math.ceil(warm.length / 5));
const mean = (all) => all.reduce((sum, one) => sum + one, 0) / all.length;
const growth = mean(lastWarm) - mean(firstWarm);
console.log(`
| | |
|---|---|
| messages said; deliveries; missing; doubled or out of order | ${said}; ${deliveries}; ${missing}; ${faults.length} |
| the latest delivery of each message: median, p99, max | ${[0.5, 0.99, 1].map((part) => quantile(late, part).toFixed(0)).join(' / ')} ms |
| deliveries later than 100 ms | ${over100} of ${deliveries} |
| lag of the measuring process itself: p99, max | ${[0.99, 1].map((part) => quantile(lag, part).toFixed(0)).join(' / ')} ms |
| memory: alone, with the idle, warm, at the end, after | ${[before.memory, withIdle, mean(firstWarm), mean(lastWarm), after.memory].map((held) => held.toFixed(0)).join(' / ')} MiB |
| descriptors but those of the databases: before, after | ${before.names.length}, ${after.names.length} |
| idle connections still open at the end | ${stillOpen} of ${IDLE} ${JSON.stringify(closes)} |
| who came when the server was full was told | ${Object.entries(turnedAway).map(([told, count]) => `${told}: ${count}`).join(', ')} |
`);
report.bar('deliveries', missing === 0 && faults.length === 0, `${missing} missing, faults: ${faults.slice(0, 5).join('; ')}`);
report.bar('deliveries', quantile(late, 1) <= LATE_MS_MAX, `one came after ${quantile(late, 1).toFixed(0)} ms`);
report.bar('memory', growth <= GROWTH_MIB_MAX, `it grew by ${growth.toFixed(0)} MiB while nothing changed`);
const stayed = before.names.reduce((left, name) => left.toSpliced(left.indexOf(name), left.includes(name) ? 1 : 0), after.names);
report.bar('descriptors', after.names.length <= before.names.length, `${after.names.length - before.names.length} did not come back: ${stayed}`);
const ofDatabases = server.descriptorNames().filter(isOfDatabases).length;
report.bar('descriptors', ofDatabases <= OF_DATABASES_MAX, `${ofDatabases} are the databases'`);
report.bar('idle connections', stillOpen === IDLE, `${IDLE - stillOpen} were closed`);
report.bar('a full server', Object.keys(turnedAway).join() === '503 with Retry-After', JSON.stringify(turnedAway));
report.end();
bystander.stop();
await server.stop();
process.exit();
