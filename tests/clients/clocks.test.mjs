// Time that does not run as it should: a clock that is set forwards and backwards, a certificate that runs out while it is shown.

import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { makeCertificateUntil } from '../accidents/certificates.mjs';
import { SettableClock } from '../accidents/set_clock.mjs';
import { until } from '../deadline.mjs';
import { makeFolder, Server } from '../server.mjs';
import { fetchFrom, join, register } from './account.mjs';
import { Listener, LOBBY } from './chatter.mjs';
import { query } from './kept.mjs';

const HOUR_MS = 60 * 60 * 1000;
const YEAR_HOURS = 365 * 24;

test('however the clock is set nobody is logged out, messages keep their order and pages show the time that it says', async (t) => {
  const folder = makeFolder();
  const clock = new SettableClock(folder);
  const server = await Server.start({ mode: 'both', folder, env: clock.env });
  t.after(() => server.end());
  const people = [];
  for (const transport of ['plain', 'tls']) {
    const account = await register(server, transport, `timeless-${transport}`);
    await join(server, account, LOBBY);
    const listener = await Listener.open(server, account, `/ws/chat/${LOBBY}`);
    await listener.event('ready', 'ready');
    people.push({ account, listener });
  }

  // A day without use would end a session, and seven days any; years back are what a flat battery does.
  const settings = [0, 24, 10 * 24, 20 * YEAR_HOURS, -20 * YEAR_HOURS, -1, 0];
  for (const [n, hours] of settings.entries()) {
    clock.moveBy(hours);
    for (const { account, listener } of people) {
      const answer = await listener.say(`the clock stands ${hours} h from here`, `${account.name}-${n}`);
      assert.equal(answer.type, 'message', `${hours} h: ${answer.text}`);
      const expected = Date.now() + hours * HOUR_MS;
      assert(Math.abs(answer.message.created_at - expected) < 60_000, `${hours} h: said at ${new Date(answer.message.created_at)}`);
      const page = await fetchFrom(server, account.transport, `/chat/${LOBBY}`, { headers: { Cookie: account.cookie } });
      assert.equal(page.status, 200, `${account.name} is still logged in at ${hours} h`);
      assert(Math.abs(Date.parse(page.headers.date) - expected) < 60_000, `${hours} h: ${page.headers.date}`);
      assert.equal(listener.socket.readyState, listener.socket.OPEN);
    }
  }

  const order = people[0].listener.events.filter(({ type }) => type === 'message').map(({ message }) => message.content);
  assert.deepEqual(order, settings.flatMap((hours) => people.map(() => `the clock stands ${hours} h from here`)));
  const rows = query(server, 'chat.sqlite3', 'SELECT content FROM messages ORDER BY id');
  assert.deepEqual(rows.map(({ content }) => content), order);
  for (const { listener } of people) listener.close();

  // Who comes back asks for what came after the last change, not after a time.
  const again = await Listener.open(server, people[0].account, `/ws/chat/${LOBBY}`);
  const { messages } = await again.event('history', 'history');
  assert.deepEqual(messages.map(({ content }) => content), order);
  again.close();
});

test('a session made while the clock was years ahead does not last for years', async (t) => {
  const folder = makeFolder();
  const clock = new SettableClock(folder);
  clock.moveBy(20 * YEAR_HOURS);
  const server = await Server.start({ folder, env: clock.env });
  t.after(() => server.end());
  const account = await register(server, 'plain', 'from-the-future');
  assert.equal(await server.stop(), 0);
  clock.moveBy(0);
  await server.start();
  const isLoggedIn = async () => (await fetchFrom(server, 'plain', `/chat/${LOBBY}`, { headers: { Cookie: account.cookie } })).status !== 303;
  assert(await isLoggedIn(), 'a clock that is put right logs nobody out');
  const ahead = () => query(server, 'users.sqlite3', 'SELECT created_at FROM sessions')
    .filter(({ created_at: createdAt }) => createdAt > Date.now() + HOUR_MS);
  await until('no session is from the future', () => ahead().length === 0);
});

const CERTIFICATE_LASTS_MS = 5_000;

test('a certificate that runs out while it is served is told in the log, and what the log advises helps', async (t) => {
  const folder = makeFolder();
  const short = makeCertificateUntil(path.join(folder, 'short'), 'short', new Date(Date.now() + CERTIFICATE_LASTS_MS));
  mkdirSync(path.join(folder, '.tls'));
  const [certFile, keyFile] = ['cert.pem', 'key.pem'].map((name) => path.join(folder, '.tls', name));
  copyFileSync(short.cert, certFile);
  copyFileSync(short.key, keyFile);
  const server = await Server.start({ mode: 'tls', folder });
  t.after(() => server.end());
  assert.match(server.printed, /note: The certificate \.tls\/cert\.pem expires on/, 'told at the start');
  const account = await register(server, 'tls', 'came-in-time');
  await join(server, account, LOBBY);
  const listener = await Listener.open(server, account, `/ws/chat/${LOBBY}`);
  await listener.event('ready', 'ready');

  const told = await until('its end is told', () => /note: (The certificate .*expired on.*)/.exec(server.printed)?.[1], 3 * CERTIFICATE_LASTS_MS);
  t.diagnostic(told);
  const advice = /remove it and (\S+) to have a new pair made.*SIGHUP/.exec(told);
  assert(advice, 'with the cure');
  await assert.rejects(fetchFrom(server, 'tls', '/login'), { code: 'CERT_HAS_EXPIRED' }, 'a new connection is for the client to refuse');
  assert.equal((await listener.say('still inside', 'inside-1')).type, 'message', 'who is inside stays');

  for (const file of [certFile, path.join(folder, advice[1])]) rmSync(file);
  server.signal('SIGHUP');
  await until('a new certificate is there', () => existsSync(certFile) && /were read anew/.test(server.printed));
  assert.equal((await fetchFrom(server, 'tls', '/login')).status, 200);
  assert.equal((await listener.say('still inside', 'inside-2')).type, 'message', 'and has not been disturbed');
  listener.close();
});
