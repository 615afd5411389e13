// What was acknowledged is there, once and in order, however often the program dies without a warning.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../deadline.mjs';
import { Server } from '../server.mjs';
import { gather } from './chatter.mjs';
import { assertKept, assertWhole, finish } from './kept.mjs';

const KILLS = 10;
const CHATTERS = 12;
/** The limit is ten messages a second and user; three every 400 ms stay below it, and several are always on their way. */
const BURST = 3;
const BURST_EVERY_MS = 400;
const ACKNOWLEDGED_BETWEEN_KILLS = 60;

test('killed ten times under load, the server loses no acknowledged message, doubles none and keeps the order', { timeout: 240_000 }, async (t) => {
  const server = await Server.start({ mode: 'both' });
  t.after(() => server.end());
  const chatters = await gather(server, CHATTERS);

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
    assertWhole(server, `after kill ${kill}`);
    await server.start();
    await until(`everyone is back after kill ${kill}`, () => chatters.every((chatter) => chatter.live), 20_000);
  }
  clearInterval(talking);
  const said = await finish(chatters);
  t.diagnostic(`${said} messages of ${CHATTERS} clients over ${KILLS} kills`);
  for (const chatter of chatters) {
    assert.equal(chatter.connections, KILLS + 1, `connections of ${chatter.account.name}`);
    assert.equal(chatter.refusals, 0, `what ${chatter.account.name} was told to be not stored`);
  }
  assertKept(server, chatters);
});
