// What must be true of the stored messages, whatever happened to the server meanwhile.
// Asks SQLite's own shell, so that not the program says how well it did.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { until } from '../deadline.mjs';

/** The rows that `sql` gives in one of the databases of a server, which may be running. */
export function query(server, file, sql) {
  const answer = execFileSync('sqlite3', ['-json', path.join(server.dataFolder, file), sql], { encoding: 'utf8' });
  return answer.trim() ? JSON.parse(answer) : [];
}

export function assertWhole(server, when) {
  for (const file of ['chat.sqlite3', 'users.sqlite3']) {
    assert.deepEqual(query(server, file, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }], `${file} ${when}`);
  }
}

/** Waits until all that was said is acknowledged and seen by all, ends the chatters, and says how many messages it was. */
export async function finish(chatters) {
  await until('everything said is acknowledged', () => chatters.every((chatter) => chatter.waiting.size === 0), 20_000);
  const said = chatters.reduce((sum, chatter) => sum + chatter.sentCount, 0);
  await until('everyone has seen everything', () => chatters.every((chatter) => chatter.messages.size >= said), 20_000)
    .catch(() => {}); // `assertKept` says what is missing
  await Promise.all(chatters.map((chatter) => chatter.leave()));
  return said;
}

/** Holds what is stored against what the chatters were told: what was acknowledged is there once, what was seen is there. */
export function assertNothingLost(server, chatters) {
  const stored = query(server, 'chat.sqlite3', 'SELECT id, client_id FROM messages ORDER BY id');
  const ids = new Set(stored.map((message) => message.id));
  const copies = new Map();
  for (const { client_id: clientId } of stored) copies.set(clientId, (copies.get(clientId) ?? 0) + 1);
  for (const chatter of chatters) {
    const { name } = chatter.account;
    assert.deepEqual(chatter.faults, [], `faults seen by ${name}`);
    for (const clientId of chatter.acknowledged.keys()) {
      assert.equal(copies.get(clientId), 1, `${clientId} was acknowledged, so it is stored once`);
    }
    assert.deepEqual([...chatter.messages.keys()].filter((id) => !ids.has(id)), [], `what ${name} has seen and is not stored`);
  }
  return stored;
}

/** Where all was said to its end, and by nobody but the chatters: nothing lost, doubled, or out of order, and all seen by all. */
export function assertKept(server, chatters) {
  const stored = assertNothingLost(server, chatters);
  for (const chatter of chatters) {
    const { name } = chatter.account;
    const own = stored.filter((message) => message.client_id.startsWith(`${name}-`)).map((message) => message.client_id);
    assert.deepEqual(own, Array.from({ length: chatter.sentCount }, (_, n) => `${name}-${n + 1}`), `the order of ${name}'s messages`);
    assert.deepEqual([...chatter.messages.keys()].sort((a, b) => a - b), stored.map((message) => message.id), `what ${name} has seen`);
  }
  assert.equal(stored.length, chatters.reduce((sum, chatter) => sum + chatter.sentCount, 0));
}
