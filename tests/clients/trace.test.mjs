// `--trace`: everything that crosses, and what it means, on standard output; `--trace=eve`: what Eve reads, and no more.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../deadline.mjs';
import { runProgram, Server } from '../server.mjs';
import { fetchFrom, register } from './account.mjs';
import { dial, opened } from './chatter.mjs';

const ESCAPE = '\u001b';

/** A server that traces, with one account on each side whose sockets have said something and gone. */
async function traced(t, flag) {
  const server = await Server.start({ mode: 'both', args: ['--echo', flag] });
  t.after(() => server.end());
  const accounts = {};
  for (const transport of ['plain', 'tls']) {
    const account = await register(server, transport, `ada_${transport}`);
    await fetchFrom(server, transport, '/chat', { headers: { Cookie: account.cookie } });
    const socket = dial(server, account, '/ws/echo');
    await opened(socket);
    const answered = new Promise((resolve) => { socket.once('message', resolve); });
    socket.send(`said over ${transport} ${ESCAPE}[2J\u202e`);
    await answered;
    const closed = new Promise((resolve) => { socket.once('close', resolve); });
    socket.close(1000, 'bye');
    await closed;
    accounts[transport] = account;
  }
  // Two accounts, each with three connections that were told to their ends.
  await until('all connections are told', () => (server.process.stdout.match(/── ended after/g) ?? []).length >= 6);
  return { server, accounts, told: server.process.stdout };
}

/** The lines of the connections on that side. */
function linesOf(server, told, transport) {
  const { port } = new URL(server.urls[transport]);
  const opening = new RegExp(`^ *(\\d+) ── \\S+ → \\S+:${port}, `);
  const numbers = new Set();
  for (const line of told.split('\n')) {
    const number = opening.exec(line)?.[1];
    if (number) numbers.add(number);
  }
  assert(numbers.size >= 3, `connections of ${transport} in:\n${told}`);
  return told.split('\n').filter((line) => numbers.has(/^ *(\d+) /.exec(line)?.[1])).join('\n');
}

function secretOf(account) {
  return account.cookie.slice(account.cookie.indexOf('=') + 1);
}

/** As it stands in a form. */
function encoded(password) {
  return new URLSearchParams({ password }).toString();
}

/** The password and its mark; where the line is too long, the mark stands in the next one. */
function marked(account, words) {
  const password = encoded(account.password).replace(/[+]/g, '\\+');
  return new RegExp(`${password}(\\n +\\d+)? +← ${words}: password\n`);
}

test('--trace tells records and what they carried, and marks what a thief would want', async (t) => {
  const { server, accounts, told } = await traced(t, '--trace');
  // It is what was asked for; the log of the server keeps them out all the same.
  const secrets = [...server.secrets];
  server.secrets.clear();
  for (const secret of secrets) assert(!server.process.stderr.includes(secret), 'a secret stands in the log');

  assert.match(told, /Note: --trace prints passwords/);
  const plain = linesOf(server, told, 'plain');
  assert.match(plain, /client → server {2}#0 request, \d+ bytes\n +\d+ +> POST \/register HTTP\/1\.1\n/);
  assert.match(plain, marked(accounts.plain, 'any thief on the way reads this'));
  assert.match(plain, /text frame, \d+ bytes: FIN, MASK [0-9a-f]{8}, payload length \d+/);
  assert.match(plain, /\| said over plain \\u\{1b\}\[2J\\u\{202e\}\n/);

  const tls = linesOf(server, told, 'tls');
  assert.match(tls, /client → server {2}#0 record: handshake, \d+ bytes\n +\d+ +#1 ClientHello, \d+ bytes, in clear\n/);
  assert.match(tls, /server name {2}localhost\n/);
  assert.match(tls, /> POST \/register HTTP\/1\.1\n/);
  assert.match(tls, marked(accounts.tls, 'a thief would want this'));
  assert(tls.includes(secretOf(accounts.tls)));
  assert.match(tls, /text frame, \d+ bytes, encrypted: FIN, MASK/);
  assert.match(tls, /\| 1000 normal closure .* bye\n/);
  assert.match(tls, /── ended after \d+\.\d{6} s: .*TLS 1\.3, TLS_/);
  assert(!told.includes(ESCAPE) && !told.includes('\u202e'), 'colours in a pipe, or a character that acts');
});

test('--trace=eve tells all of HTTP, and of TLS only what Eve can read', async (t) => {
  const { server, accounts, told } = await traced(t, '--trace=eve');
  const plain = linesOf(server, told, 'plain');
  assert(plain.includes(encoded(accounts.plain.password)), plain);
  assert(plain.includes(secretOf(accounts.plain)), plain);
  assert.match(plain, /\| said over plain /);

  const tls = linesOf(server, told, 'tls');
  assert.match(tls, /server name {2}localhost\n/);
  assert.match(tls, /record: application_data, \d+ bytes \(/);
  assert.match(tls, /Eve knows the server name: localhost\n/);
  assert.doesNotMatch(tls, /> (GET|POST)|< HTTP|said over|frame|password|bytes, encrypted/);
  for (const secret of [accounts.tls.password, encoded(accounts.tls.password), secretOf(accounts.tls)]) {
    assert(!told.includes(secret), 'Eve has read a secret under TLS');
  }
  // What crossed in clear was to be told; `end` looks for all the others.
  server.secrets.delete(secretOf(accounts.plain));
  server.secrets.delete(accounts.plain.password);
});

test('--trace and --no-wire contradict each other', async () => {
  const { code, stderr } = await runProgram(['--trace', '--no-wire']);
  assert.equal(code, 2);
  assert.match(stderr, /--trace.*--no-wire/);
});
