// A bad day in a few minutes: one accident after the other happens to a server that is talked through all the while.
//
//   node tests/accidents/bad_day.mjs [rounds] [clients]        3 rounds and 24 clients, if nothing is said
//
// Prints for each kind what it cost: how long nobody was heard, how many times somebody was told that their words were
// not stored, and what the log said. In the end everything that was acknowledged must be stored, once and in order, and
// all must have seen it; if not, or if the server needs more than a killed one does to come back, it ends with 1.
// Needs a built program (cargo build, or SECURE_CHAT_BIN), cc, sqlite3, prlimit and faketime, as tests/run installs them.

import assert from 'node:assert/strict';
import { copyFileSync, renameSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { after, until } from '../deadline.mjs';
import { makeFolder, Server } from '../server.mjs';
import { gather } from '../clients/chatter.mjs';
import { assertKept, assertWhole, finish } from '../clients/kept.mjs';
import { makeCertificate } from './certificates.mjs';
import { FaultyDisk } from './faulty_disk.mjs';
import { limitFiles, lockDatabase, openFiles } from './faults.mjs';
import { SettableClock } from './set_clock.mjs';

const [rounds, clients] = [Number(process.argv[2] ?? 3), Number(process.argv[3] ?? 24)];

/** Each says the next thing when the last one is stored, so many times a second at most: below the limit for one user. */
const SAY_EVERY_MS = 200;

/** How long each accident lasts that has a length. A lock is held longer than the server waits for it, which is 5 s. */
const LASTS_MS = 2_000;
const LOCK_LASTS_MS = 7_000;

/** After an accident everybody must be heard again within so long: clients come back every 50 ms, a restart takes one second. */
const BACK_WITHIN_MS = 10_000;

/** The order of the accidents is different in each round, and the same in each run. */
function* numbers(seed) {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield state / 2 ** 32;
  }
}

function shuffled(items, random) {
  return items.map((item) => [random.next().value, item]).sort(([a], [b]) => a - b).map(([, item]) => item);
}

const folder = makeFolder();
const disk = new FaultyDisk(folder);
const clock = new SettableClock(folder);
const env = { ...disk.env, ...clock.env, LD_PRELOAD: `${disk.env.LD_PRELOAD} ${clock.env.LD_PRELOAD}` };
const server = await Server.start({ mode: 'both', folder, env, args: ['--log', 'server.log'] });
const pairs = ['one', 'two'].map((name) => makeCertificate(path.join(folder, name), name));
const data = server.dataFolder;
const elsewhere = path.join(folder, 'elsewhere');

/** Does something for a while: `begin` answers with what ends it. */
const lasting = (ms, begin) => async () => {
  const end = await begin();
  await after(ms);
  await end();
};
const failing = (error) => lasting(LASTS_MS, () => { disk.failWith(error); return () => disk.mend(); });
const clockAt = (hours) => lasting(LASTS_MS, () => { clock.moveBy(hours); return () => clock.moveBy(0); });

const accidents = {
  'kill -9, started again': async () => { await server.kill(); assertWhole(server, 'after a kill'); await server.start(); },
  'SIGTERM, started again': async () => { assert.equal(await server.stop(), 0); await server.start(); },
  'disk full (ENOSPC)': failing('ENOSPC'),
  'disk read-only (EROFS)': failing('EROFS'),
  'disk fails (EIO)': failing('EIO'),
  'chat database locked': lasting(LOCK_LASTS_MS, () => lockDatabase(server, 'chat.sqlite3')),
  'user database locked': lasting(LOCK_LASTS_MS, () => lockDatabase(server, 'users.sqlite3')),
  'data folder moved away': lasting(LASTS_MS, () => { renameSync(data, elsewhere); return () => renameSync(elsewhere, data); }),
  'clock 30 days ahead': clockAt(30 * 24),
  'clock 10 years back': clockAt(-10 * 365 * 24),
  'no descriptors, 50 at the door': lasting(LASTS_MS, () => {
    const mend = limitFiles(server, openFiles(server));
    const crowd = Array.from({ length: 50 }, () => connect({ host: '127.0.0.1', port: Number(new URL(server.urls.plain).port) }));
    for (const visitor of crowd) visitor.on('error', () => {});
    return () => {
      for (const visitor of crowd) visitor.destroy();
      mend();
    };
  }),
  'SIGHUP, ten times': async () => {
    for (let n = 0; n < 10; n += 1) {
      const { key, cert } = pairs[n % pairs.length];
      copyFileSync(key, path.join(folder, '.tls', 'key.pem'));
      copyFileSync(cert, server.certificateFile);
      server.signal('SIGHUP');
      await after(100);
    }
  },
};

const chatters = await gather(server, clients);
const acknowledged = () => chatters.reduce((sum, chatter) => sum + chatter.acknowledged.size, 0);
const refusals = () => chatters.reduce((sum, chatter) => sum + chatter.refusals, 0);
const talking = setInterval(() => {
  for (const chatter of chatters) if (chatter.waiting.size === 0) chatter.say();
}, SAY_EVERY_MS);

/** The longest time in which nobody's message was acknowledged, while `work` went on and until everybody was heard again. */
async function silence(work) {
  let [heard, heardAt, longest] = [acknowledged(), performance.now(), 0];
  const listening = setInterval(() => {
    if (acknowledged() === heard) longest = Math.max(longest, performance.now() - heardAt);
    else [heard, heardAt] = [acknowledged(), performance.now()];
  }, 5);
  try {
    await work();
    const began = performance.now();
    const before = chatters.map((chatter) => chatter.acknowledged.size);
    await until('everybody is heard again', () => chatters.every((chatter, n) => chatter.acknowledged.size > before[n]), BACK_WITHIN_MS);
    return { longest, back: performance.now() - began };
  } finally {
    clearInterval(listening);
  }
}

const results = Object.fromEntries(Object.keys(accidents).map((name) => [name, { times: 0, longest: 0, back: 0, refused: 0, said: new Set() }]));
const ordinary = await silence(() => after(LASTS_MS));
const began = performance.now();
const random = numbers(1);
for (let round = 1; round <= rounds; round += 1) {
  for (const name of shuffled(Object.keys(accidents), random)) {
    const result = results[name];
    const [refused, logged] = [refusals(), server.log.length + server.printed.length];
    const { longest, back } = await silence(accidents[name]);
    result.times += 1;
    result.longest = Math.max(result.longest, longest);
    result.back = Math.max(result.back, back);
    result.refused += refusals() - refused;
    const log = (server.log + server.printed).slice(logged);
    for (const line of log.split('\n').filter((text) => !/#\d+ |^\s*$/.test(text))) result.said.add(line.replace(/^\S+Z /, ''));
  }
}
clearInterval(talking);
const said = await finish(chatters);

console.log(`${rounds} rounds in ${Math.round((performance.now() - began) / 1000)} s: ${said} messages of ${clients} clients`);
console.log(`without an accident: silent for ${Math.round(ordinary.longest)} ms at the most\n`);
for (const [name, { times, longest, back, refused, said: lines }] of Object.entries(results)) {
  console.log(`${name}: ${times} times, silent for ${Math.round(longest)} ms at the most, all heard again ${Math.round(back)} ms after it, ${refused} refusals`);
  for (const line of [...lines].filter((text) => /could|cannot|can let|lets people|expired|valid only|no good/.test(text))) console.log(`    ${line}`);
}
assertKept(server, chatters);
assertWhole(server, 'in the end');
await server.end();
console.log(`\nall ${said} messages are stored, each once and in order, and all ${clients} clients have seen them`);
process.exit(0);
