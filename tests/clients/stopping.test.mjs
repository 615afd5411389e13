// How the program stops, and what it does when told to read its certificate again.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { makeCertificate } from '../accidents/certificates.mjs';
import { until, withDeadline } from '../deadline.mjs';
import { Server } from '../server.mjs';
import { fetchFrom, join, register } from './account.mjs';
import { gather, Listener, LOBBY } from './chatter.mjs';
import { assertKept, assertNothingLost, assertWhole, finish } from './kept.mjs';

/** What is stopped a second time does not wait for anybody. */
const AT_ONCE_MS = 1_000;

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal} closes every WebSocket with 1001 and ends with 0 within five seconds`, async (t) => {
    const server = await Server.start({ mode: 'both' });
    t.after(() => server.end());
    const listeners = [];
    for (const transport of ['plain', 'tls']) {
      const account = await register(server, transport, `stopped-${transport}`);
      await join(server, account, LOBBY);
      listeners.push(await Listener.open(server, account, '/ws'), await Listener.open(server, account, `/ws/chat/${LOBBY}`));
    }
    const [, conversation] = listeners;
    await conversation.event('ready', 'ready');
    conversation.send({ type: 'send', content: 'the last word', client_id: 'last' });
    await conversation.event('stored', (event) => event.message?.client_id === 'last');
    assert.equal(await server.stop(signal), 0);
    for (const listener of listeners) assert.equal((await listener.closed()).code, 1001);
    const stored = execFileSync('sqlite3', [path.join(server.dataFolder, 'chat.sqlite3'), 'SELECT content FROM messages'], { encoding: 'utf8' });
    assert.equal(stored.trim(), 'the last word');
  });
}

/** A request that is never finished, so that there is something to wait for. */
async function unfinishedRequest(server) {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(server.urls.plain).port) });
  socket.on('error', () => {});
  await new Promise((resolve) => { socket.once('connect', resolve); });
  socket.write('POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n');
  const answer = await withDeadline('the request is being read', new Promise((resolve) => { socket.once('data', resolve); }));
  assert.match(answer.toString(), /^HTTP\/1\.1 100 /);
  return socket;
}

test('a client that never finishes its request does not keep the server from stopping in time', async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  const socket = await unfinishedRequest(server);
  assert.equal(await server.stop(), 0);
  socket.destroy();
});

test('a second signal ends the program at once', async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  const socket = await unfinishedRequest(server);
  const before = server.printed.length;
  server.signal('SIGTERM');
  await until('the first signal is seen', () => server.printed.length > before || server.process.hasEnded);
  server.signal('SIGTERM');
  await withDeadline('the program ends', server.exited, AT_ONCE_MS);
  socket.destroy();
});

/** Has the chatters talk until it is called; three messages every 400 ms stay below the limit for one user. */
function keepTalking(chatters) {
  const talking = setInterval(() => {
    for (const chatter of chatters) {
      while (chatter.waiting.size < 3) chatter.say();
    }
  }, 400);
  return () => clearInterval(talking);
}

const acknowledgedBy = (chatters) => chatters.reduce((sum, chatter) => sum + chatter.acknowledged.size, 0);

test('stopped under load, with clients that neither read nor finish, everything acknowledged is stored and it takes no longer', async (t) => {
  const server = await Server.start({ mode: 'both' });
  t.after(() => server.end());
  const chatters = await gather(server, 12);
  const account = await register(server, 'plain', 'does-not-read');
  await join(server, account, LOBBY);
  const deaf = await Listener.open(server, account, `/ws/chat/${LOBBY}`);
  deaf.socket.pause();
  const unfinished = await unfinishedRequest(server);
  const stopTalking = keepTalking(chatters);
  t.after(stopTalking);
  await until('they are talking', () => acknowledgedBy(chatters) > 100);

  for (const chatter of chatters) chatter.leaving = true; // None comes back, and each stays until it is sent away.
  const began = performance.now();
  assert.equal(await server.stop(), 0);
  stopTalking();
  t.diagnostic(`${acknowledgedBy(chatters)} messages were acknowledged; stopping took ${Math.round(performance.now() - began)} ms`);
  await Promise.all(chatters.map((chatter) => chatter.running));
  deaf.close();
  unfinished.destroy();
  assertWhole(server, 'after it was stopped');
  assertNothingLost(server, chatters);
});

/** The SHA-256 fingerprint of what the TLS side shows right now. */
function fingerprint(server) {
  return withDeadline('a handshake', new Promise((resolve, reject) => {
    const socket = connectTls({ host: 'localhost', port: Number(new URL(server.urls.tls).port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().fingerprint256);
      socket.destroy();
    });
    socket.on('error', reject);
  }));
}

test('SIGHUP takes a new certificate for new connections, keeps the old ones, and keeps the old certificate if the new one is bad', async (t) => {
  const server = await Server.start({ mode: 'tls' });
  t.after(() => server.end());
  const account = await register(server, 'tls', 'stays-connected');
  const listener = await Listener.open(server, account, '/ws');
  await listener.event('hello', 'hello');
  const first = await fingerprint(server);
  const keyFile = path.join(server.folder, '.tls', 'key.pem');

  const next = makeCertificate(server.folder, 'next');
  copyFileSync(next.cert, server.certificateFile);
  const hangUp = async (what, pattern) => {
    const before = server.printed.length;
    server.signal('SIGHUP');
    await until(`${what} is logged`, () => pattern.test(server.printed.slice(before)));
  };
  await hangUp('a key that does not match', /match/i);
  assert.equal(await fingerprint(server), first);

  writeFileSync(server.certificateFile, 'no certificate\n');
  await hangUp('a file without a certificate', /certificate/i);
  assert.equal(await fingerprint(server), first);

  copyFileSync(next.cert, server.certificateFile);
  copyFileSync(next.key, keyFile);
  server.signal('SIGHUP');
  await until('the new certificate is shown', async () => await fingerprint(server) !== first);

  const settings = path.join(server.folder, 'tls_config.json');
  writeFileSync(settings, '{ "min_version": ');
  await hangUp('settings that are no JSON', /tls_config\.json:1:\d+/);
  writeFileSync(settings, '{ "min_version": "1.3" }');
  server.signal('SIGHUP');
  const refusesTls12 = () => new Promise((resolve) => {
    const socket = connectTls({ host: 'localhost', port: Number(new URL(server.urls.tls).port), rejectUnauthorized: false, maxVersion: 'TLSv1.2' }, () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', () => resolve(true));
  });
  await until('the new settings count', refusesTls12);

  assert.equal(listener.socket.readyState, listener.socket.OPEN, 'the connection from before is still there');
  assert.equal((await fetchFrom(server, 'tls', '/login')).status, 200);
  listener.close();
});

test('SIGHUP under load disturbs no conversation and no handshake', async (t) => {
  const [hangUps, handshakesAtOnce] = [10, 4];
  const server = await Server.start({ mode: 'tls' });
  t.after(() => server.end());
  const chatters = await gather(server, 8);
  const stopTalking = keepTalking(chatters);
  t.after(stopTalking);
  const pairs = [makeCertificate(path.join(server.folder, 'one'), 'one'), makeCertificate(path.join(server.folder, 'two'), 'two')];
  const shown = new Map();
  let handshakes = 0;
  let isOver = false;
  const visitors = Array.from({ length: handshakesAtOnce }, async () => {
    while (!isOver) {
      const print = await fingerprint(server);
      shown.set(print, (shown.get(print) ?? 0) + 1);
      handshakes += 1;
    }
  });
  for (let n = 0; n < hangUps; n += 1) {
    const { key, cert } = pairs[n % pairs.length];
    copyFileSync(key, path.join(server.folder, '.tls', 'key.pem'));
    copyFileSync(cert, server.certificateFile);
    const before = await fingerprint(server);
    server.signal('SIGHUP');
    const heard = acknowledgedBy(chatters);
    await until(`certificate ${n} is shown`, async () => await fingerprint(server) !== before);
    await until('the talk goes on', () => acknowledgedBy(chatters) >= heard + 10);
  }
  isOver = true;
  await Promise.all(visitors);
  stopTalking();
  const said = await finish(chatters);
  t.diagnostic(`${hangUps} times read anew, meanwhile ${handshakes} handshakes and ${said} messages`);
  for (const chatter of chatters) assert.equal(chatter.connections, 1, `${chatter.account.name} was not disturbed`);
  assert.equal(shown.size, 1 + pairs.length, 'every handshake showed a certificate whole');
  assertKept(server, chatters);
});
