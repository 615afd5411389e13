// What was acknowledged is there, once and in order, however often the program dies without a warning.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../deadline.mjs';
import { Server } from '../server.mjs';
import { join, register } from './account.mjs';
import { Chatter, LOBBY } from './chatter.mjs';

const KILLS = 10;
const CHATTERS = 12;
/** The limit is ten messages a second and user; three every 400 ms stay below it, and several are always on their way. */
const BURST = 3;
const BURST_EVERY_MS = 400;
const ACKNOWLEDGED_BETWEEN_KILLS = 60;

function query(server, file, sql) {
  const answer = execFileSync('sqlite3', ['-json', path.join(server.dataFolder, file), sql], { encoding: 'utf8' });
  return answer.trim() ? JSON.parse(answer) : [];
}

test('killed ten times under load, the server loses no acknowledged message, doubles none and keeps the order', { timeout: 240_000 }, async (t) => {
  const server = await Server.start({ mode: 'both' });
  t.after(() => server.end());
  const chatters = [];
  for (let n = 0; n < CHATTERS; n += 1) {
    const account = await register(server, n % 2 ? 'tls' : 'plain', `chatter-${n}`);
    await join(server, account, LOBBY);
    chatters.push(new Chatter(server, account, LOBBY));
  }
  await until('everyone is connected', () => chatters.every((chatter) => chatter.live));

  const talking = setInterval(() => {
    for (const chatter of chatters) {
      // Who waits for the server to come back does not pile up more than the limit lets out at once.
      while (chatter.waiting.size < BURST) chatter.say();
    }
  }, BURST_EVERY_MS);
  t.after(() => clearInterval(talking));
  const acknowledged = () => chatters.reduce((sum, chatter) => sum + chatter.acknowledged.size, 0);

  for (let kill = 1; kill <= KILLS; kill += 1) {
    const before = acknowledged();
    await until(`${ACKNOWLEDGED_BETWEEN_KILLS} acknowledgements before kill ${kill}`,
      () => acknowledged() >= before + ACKNOWLEDGED_BETWEEN_KILLS, 20_000);
    await server.kill();
    for (const file of ['chat.sqlite3', 'users.sqlite3']) {
      assert.deepEqual(query(server, file, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }], `${file} after kill ${kill}`);
    }
    await server.start();
    await until(`everyone is back after kill ${kill}`, () => chatters.every((chatter) => chatter.live), 20_000);
  }
  clearInterval(talking);
  await until('everything said is acknowledged', () => chatters.every((chatter) => chatter.waiting.size === 0), 20_000);
  const said = chatters.reduce((sum, chatter) => sum + chatter.sentCount, 0);
  await until('everyone has seen everything', () => chatters.every((chatter) => chatter.messages.size >= said), 20_000)
    .catch(() => {}); // the comparison below says what is missing
  await Promise.all(chatters.map((chatter) => chatter.leave()));

  const stored = query(server, 'chat.sqlite3',
    'SELECT id, author_id, client_id, content FROM messages ORDER BY id');
  t.diagnostic(`${said} messages of ${CHATTERS} clients over ${KILLS} kills`);

  const copies = new Map();
  for (const { client_id: clientId } of stored) copies.set(clientId, (copies.get(clientId) ?? 0) + 1);
  for (const chatter of chatters) {
    const { name } = chatter.account;
    assert.deepEqual(chatter.faults, [], `faults seen by ${name}`);
    assert.equal(chatter.connections, KILLS + 1, `connections of ${name}`);
    for (const clientId of chatter.acknowledged.keys()) {
      assert.equal(copies.get(clientId), 1, `${clientId} was acknowledged, so it is stored once`);
    }
    const own = stored.filter((message) => message.client_id.startsWith(`${name}-`)).map((message) => message.client_id);
    assert.deepEqual(own, Array.from({ length: chatter.sentCount }, (_, n) => `${name}-${n + 1}`), `the order of ${name}'s messages`);
    assert.deepEqual([...chatter.messages.keys()].sort((a, b) => a - b), stored.map((message) => message.id), `what ${name} has seen`);
  }
  assert.equal(stored.length, said);
});
