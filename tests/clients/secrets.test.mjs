// A whole run with everything that goes wrong in one, and then every byte that the program wrote or told others is searched: nobody's
// password, token, key or message stands where it does not belong, however it is spelled. And the search finds what is there.

import assert from 'node:assert/strict';
import { createPrivateKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { until, withDeadline } from '../deadline.mjs';
import { Server } from '../server.mjs';
import { LOBBY, Listener, opened, dial } from './chatter.mjs';
import { Secrets, spellingsOf } from './spellings.mjs';

const FORM = 'application/x-www-form-urlencoded';

/** What goes wrong with a request, with something of the client's own in it that must not come back, nor be written down. */
const MISTAKES = [
  [400, (own) => `GET /%zz?${own} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  [400, (own) => `GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${own}\0\r\n\r\n`],
  [400, (own) => `GET / HTTP/1.1\r\nHost: ${own}@localhost\r\n\r\n`],
  [400, (own) => `GET / HTTP/1.1\r\nHost: localhost\r\nCookie: x\r\n ${own}\r\n\r\n`],
  [400, (own) => `GET / HTTP/1.1\r\nHost: localhost\r\n${own} x: y\r\n\r\n`],
  [400, (own) => `${own} first\r\n\r\n`],
  [400, (own) => `POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${own}\r\n\r\n`],
  [400, (own) => `POST /login HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n${own}\r\n`],
  [400, (own) => `POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${FORM}\r\nContent-Length: ${own.length + 1}\r\n\r\n${own}%`],
  [404, (own) => `GET /nowhere?${own} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic ${own}\r\nReferer: http://localhost/?${own}\r\n\r\n`],
  [405, (own) => `DELETE /login?${own} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  [413, (own) => `POST /login?${own} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n`],
  [414, (own) => `GET /login?${own}${'x'.repeat(9000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  [415, (own) => `POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain; ${own}\r\nContent-Length: ${own.length}\r\n\r\n${own}`],
  [417, (own) => `POST /login HTTP/1.1\r\nHost: localhost\r\nExpect: ${own}\r\n\r\n`],
  [421, (own) => `GET /wire?${own} HTTP/1.1\r\nHost: evil.example\r\n\r\n`],
  [426, (own) => `GET /ws?${own} HTTP/1.1\r\nHost: localhost\r\nSec-WebSocket-Key: ${own}\r\n\r\n`],
  [431, (own) => `GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${own}${'x'.repeat(17_000)}\r\n\r\n`],
  [501, (own) => `${own.replaceAll(/[^A-Za-z]/g, '').slice(0, 30)} / HTTP/1.1\r\nHost: localhost\r\n\r\n`],
  [505, (own) => `GET /?${own} HTTP/2.0\r\nHost: localhost\r\n\r\n`],
];

/** Somebody with a browser of their own: cookies, and all that they were ever answered. */
class Visitor {
  cookies = new Map();
  /** `Buffer`s: heads, contents, events. */
  heard = [];
  /** What came of the wire view, which shows people what is theirs. */
  seen = [];
  /** The cookies that were set, as they came. */
  given = [];

  constructor(server, transport, name, secrets) {
    Object.assign(this, { server, transport, name, secrets });
    const Agent = transport === 'tls' ? HttpsAgent : HttpAgent;
    this.agent = new Agent({ keepAlive: false, ca: server.certificate, maxCachedSessions: 0 });
    // Of those connections that carry a form: the keys of all would be the same test once more.
    this.agent.on('keylog', (line) => { if (this.sendsForm) this.#keepKey(line); });
  }

  /** What `--keylog` writes, and browsers with SSLKEYLOGFILE: label, client random, secret. */
  #keepKey(line) {
    const [label, , secret] = line.toString().trim().split(' ');
    this.secrets.add(`${label} of ${this.name}`, Buffer.from(secret, 'hex'));
  }

  get cookie() {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** For `dial`. */
  get account() {
    return { transport: this.transport, cookie: this.cookie, name: this.name };
  }

  /** One request; redirects are not followed. */
  ask(method, target, { headers = {}, body } = {}) {
    const base = this.server.urls[this.transport];
    this.sendsForm = method === 'POST';
    const send = this.transport === 'tls' ? httpsRequest : httpRequest;
    const origin = method === 'POST' ? { Origin: new URL(base).origin, 'Content-Type': FORM } : {};
    const cookie = this.cookie ? { Cookie: this.cookie } : {};
    return withDeadline(`${method} ${target}`, new Promise((resolve, reject) => {
      const request = send(new URL(target, base), { method, agent: this.agent, headers: { ...origin, ...cookie, ...headers } }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve(this.#hear(target, response, Buffer.concat(chunks))));
      });
      request.on('error', reject);
      request.end(body);
    }), 30_000);
  }

  /** A form as a browser sends it. */
  post(target, fields, options = {}) {
    return this.ask('POST', target, { ...options, body: new URLSearchParams(fields).toString() });
  }

  #hear(target, response, body) {
    const into = target.startsWith('/wire') ? this.seen : this.heard;
    into.push(body);
    for (let at = 0; at < response.rawHeaders.length; at += 2) {
      const [name, value] = response.rawHeaders.slice(at, at + 2);
      if (name === 'Set-Cookie') this.#take(value);
      else into.push(Buffer.from(`${name}: ${value}\n`));
    }
    return { status: response.statusCode, headers: response.headers, body };
  }

  #take(setCookie) {
    this.given.push(Buffer.from(setCookie));
    const [, name, value] = /^([^=]+)=([^;]*)/.exec(setCookie);
    if (!value) {
      this.cookies.delete(name);
      return;
    }
    this.cookies.set(name, value);
    this.secrets.add(`${name} of ${this.name}`, value);
    this.secrets.add(`the bytes of ${name} of ${this.name}`, Buffer.from(value, 'base64url'));
  }

  /** Sends these bytes on a connection of their own, and gives the status that comes back. */
  say(bytes) {
    const port = Number(new URL(this.server.urls[this.transport]).port);
    const options = { host: '127.0.0.1', port, servername: 'localhost', ca: this.server.certificate };
    return withDeadline(`an answer to ${bytes.slice(0, 40)}`, new Promise((resolve, reject) => {
      const socket = this.transport === 'tls' ? connectTls(options) : connect(options);
      const chunks = [];
      socket.on('data', (chunk) => { chunks.push(chunk); socket.end(); });
      socket.on('error', reject);
      socket.on('close', () => {
        const answer = Buffer.concat(chunks);
        this.heard.push(answer);
        resolve(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]));
      });
      socket.write(bytes);
    }), 30_000);
  }

  /** Opens a socket; all that is said on it is heard. */
  async listen(target) {
    const listener = await Listener.open(this.server, this.account, target);
    const into = target.startsWith('/ws/wire') ? this.seen : this.heard;
    listener.socket.on('message', (data) => into.push(data));
    return listener;
  }

  /** The status with which a socket is refused. */
  async refused(target) {
    const socket = dial(this.server, this.account, target);
    return opened(socket).then(() => assert.fail(`${target} was opened`), (error) => error.status);
  }
}

/** Lives through everything that one can do here, right and wrong. */
async function live(server, transport, secrets) {
  const name = `anna_${transport}`;
  const anna = new Visitor(server, transport, name, secrets);
  const password = `p\u00e4ss & <w\u00f6rd> of "${name}" + 100%`;
  const wrong = `nearly the ${password}`;
  secrets.add(`the password of ${name}`, password);
  secrets.add(`the mistyped password of ${name}`, wrong);
  const words = (what) => {
    const text = `${what} by ${name} <with> "marks" \u00e9 & no one else`;
    secrets.add(`${what} of ${name}`, text);
    return text;
  };

  for (const target of ['/', '/login', '/register', '/favicon.ico', '/chat', '/account', '/wire']) await anna.ask('GET', target);
  assert.equal((await anna.post('/register', { name: `${name} !`, password })).status, 422);
  assert.equal((await anna.post('/register', { name, password }, { headers: { Origin: 'http://evil.example' } })).status, 403);
  assert.equal((await anna.post('/register', { name, password })).status, 303);
  assert.equal((await anna.post('/register', { name, password: wrong })).status, 409);
  assert.equal((await anna.post('/logout', {})).status, 303);
  assert.equal((await anna.post('/login', { name, password: wrong })).status, 403);
  assert.equal((await anna.post('/login', { name: words('words in the wrong place'), password: name })).status, 403);
  assert.equal((await anna.post('/login', { name, password })).status, 303);

  // Words, in a group where nobody else is.
  const made = await anna.post('/groups', { name: `only ${name}` });
  assert.equal(made.status, 303);
  const group = Number(made.headers.location.split('/').pop());
  await anna.listen('/ws');
  const chat = await anna.listen(`/ws/chat/${group}`);
  await chat.event('ready', 'ready');
  const send = async (content) => {
    const clientId = `${name}-${chat.events.length}`;
    chat.send({ type: 'send', content, client_id: clientId });
    return (await chat.event('stored', (event) => event.message?.client_id === clientId)).message.id;
  };
  await send(words('kept words'));
  const edited = await send(words('replaced words'));
  chat.send({ type: 'edit', message_id: edited, content: 'other words' });
  await chat.event('edited', 'edited');
  const deleted = await send(words('deleted words'));
  chat.send({ type: 'delete', message_id: deleted });
  await chat.event('deleted', 'deleted');
  chat.send({ type: 'send', content: words('words that are too long').repeat(200) });
  await chat.event('refused', 'refused');
  chat.send({ type: words('a type that is none') });
  await chat.event('refused twice', () => chat.events.filter((event) => event.type === 'refused').length === 2);

  // Secrets in wrong places.
  const token = [...anna.cookies].find(([cookie]) => cookie.includes('sid'))[1];
  const encoded = new URLSearchParams({ password }).toString();
  for (const own of [encoded, token]) {
    for (const [status, mistake] of MISTAKES) {
      assert.equal(await anna.say(mistake(own)), status, `${transport} ${status}: ${mistake(own).slice(0, 80)}`);
    }
  }
  assert.equal((await anna.ask('GET', `/login?${encoded}`)).status, 303);
  assert.equal((await anna.ask('GET', `/wire?key=${token}`)).status, 403);
  const other = transport === 'tls' ? 'plain' : 'tls';
  return { anna, name, password, token, group, other };
}

/** Tries to get at what is another's, with a session of one's own or with none. */
async function pry(visitor, lives, connections) {
  for (const { group } of lives) {
    await visitor.ask('GET', `/chat/${group}`);
    assert([401, 403].includes(await visitor.refused(`/ws/chat/${group}?after=0`)));
  }
  for (const target of ['/', '/chat', '/account', '/login', '/wire', '/wire/compare']) await visitor.ask('GET', target);
  for (let number = 1; number <= connections; number += 1) {
    for (const ending of ['.pcapng', '.html']) await visitor.ask('GET', `/wire/${number}${ending}`);
  }
  const view = await visitor.listen('/ws/wire');
  for (let number = 1; number <= connections; number += 1) {
    view.send({ type: 'watch', connection: number });
    view.send({ type: 'show', item: 1 });
  }
  view.send({ type: 'find', text: 'words', question: 7 });
  await view.event('the last answer', (event) => event.type === 'found' || (event.type === 'refused' && event.connection === undefined));
  for (const [status, mistake] of MISTAKES) assert.equal(await visitor.say(mistake('nothing-of-anybody')), status);
  view.close();
}

/** Every file in the folder. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath ?? entry.path, entry.name));
}

/** What belongs where it stands. */
function belongs(name, place) {
  return (name === 'the private key' && place === '.tls/key.pem')
    || (name.startsWith('kept words') && /^data\/chat\.sqlite3(-wal)?$/.test(place))
    || (name === "the instructor's key" && place === 'standard output');
}

/** Each secret that stands in a file or in what was printed, with its place; without those that belong there. */
function found(server, secrets) {
  const places = filesIn(server.folder).map((file) => [path.relative(server.folder, file), readFileSync(file)]);
  places.push(['standard output', Buffer.from(server.process.stdout)], ['standard error', Buffer.from(server.process.stderr)]);
  return places.flatMap(([place, bytes]) => secrets.in(bytes, (name) => !belongs(name, place)).map((what) => `${place}: ${what}`));
}

test('no secret stands where it does not belong, and the search finds all that do', async (t) => {
  const server = await Server.start({ mode: 'both', args: ['--instructor', '--log', 'chat.log'] });
  t.after(() => server.end());
  const secrets = new Secrets();
  const pem = readFileSync(path.join(server.folder, '.tls/key.pem'), 'utf8');
  const scalar = Buffer.from(createPrivateKey(pem).export({ format: 'jwk' }).d, 'base64url');
  secrets.add('the private key', scalar);
  // In its file it is cut in two by a line end.
  for (const line of pem.split('\n').slice(1, 3)) secrets.add('the private key', line);
  const [, key] = /\/wire\?key=([\w-]{43})$/m.exec(server.process.stdout);
  secrets.add("the instructor's key", key);

  const lives = await Promise.all(['plain', 'tls'].map((transport) => live(server, transport, secrets)));

  // Somebody whose account is gone, and whose token was seen on the wrong side before.
  const doris = new Visitor(server, 'plain', 'doris', secrets);
  const password = 'the password that doris had';
  secrets.add('the password of doris', password);
  assert.equal((await doris.post('/register', { name: 'doris', password })).status, 303);
  const dorisElsewhere = new Visitor(server, 'tls', 'doris under TLS', secrets);
  assert.equal((await dorisElsewhere.ask('GET', '/account', { headers: { Cookie: doris.cookie } })).status, 303);
  assert.equal((await doris.ask('GET', '/account')).status, 303);
  assert.equal((await doris.post('/login', { name: 'doris', password })).status, 303);
  assert.equal((await doris.post('/account/delete', { password: `not ${password}` })).status, 403);
  assert.equal((await doris.post('/account/delete', { password })).status, 303);

  const instructor = new Visitor(server, 'tls', 'the instructor', new Secrets());
  assert.equal((await instructor.ask('GET', `/wire?key=${key}`)).status, 303);

  // Others, with sessions of their own: what is theirs is not looked for in what they are told.
  const others = [];
  for (const transport of ['plain', 'tls']) {
    const bert = new Visitor(server, transport, `bert_${transport}`, new Secrets());
    assert.equal((await bert.post('/register', { name: bert.name, password: 'a password of bert' })).status, 303);
    const lobby = await bert.listen(`/ws/chat/${LOBBY}`);
    await lobby.event('ready', 'ready');
    others.push(bert, new Visitor(server, transport, `eve on ${transport}`, new Secrets()));
  }
  const connections = Math.max(...[...server.process.stderr.matchAll(/ #(\d+) /g)].map(([, number]) => Number(number)));
  await Promise.all(others.map((other) => pry(other, lives, connections)));

  // One who logs out, and comes with the dead token.
  for (const { anna, group, token } of lives) {
    const cookies = [...anna.cookies];
    assert.equal((await anna.post('/logout', {})).status, 303);
    anna.cookies = new Map(cookies);
    assert(anna.cookie.includes(token));
    assert.equal(await anna.refused(`/ws/chat/${group}`), 401);
  }

  // Deleted and replaced words are overwritten in a moment, while the server runs on.
  await until('nothing is left on disk that does not belong there', () => found(server, secrets).length === 0)
    .catch(() => assert.deepEqual(found(server, secrets), []));
  for (const other of others) {
    const heard = Buffer.concat([...other.heard, ...other.seen, ...other.given]);
    assert(heard.length > 100_000, `${other.name} was answered ${heard.length} bytes`);
    assert.deepEqual(secrets.in(heard), [], `told to ${other.name}`);
  }
  for (const { anna, name } of lives) {
    // Words are answered to those who said them; passwords, tokens and keys to nobody, but in the wire view and in Set-Cookie.
    const answered = Buffer.concat(anna.heard);
    assert.deepEqual(secrets.in(answered, (what) => !what.includes('words')), [], `told to ${name}`);
    assert(secrets.in(answered, (what) => what === `kept words of ${name}`).length > 0);
  }
  assert.equal(await server.stop(), 0);
  assert.deepEqual(found(server, secrets), [], 'after the end');

  // That nothing was found says something only if what is there is found. First, what really is there:
  const inFile = (name, file) => secrets.in(readFileSync(path.join(server.folder, file)), (it) => it === name);
  for (const { name } of lives) assert.deepEqual(inFile(`kept words of ${name}`, 'data/chat.sqlite3'), [`kept words of ${name}, as it is`]);
  assert.deepEqual(inFile('the private key', '.tls/key.pem'), Array(2).fill('the private key, as it is'));
  assert(secrets.in(Buffer.from(server.log)).includes("the instructor's key, as it is"));
  // Then everything, spelled in each way, put among the data.
  const planted = path.join(server.folder, 'data', 'planted');
  for (const { name, how, bytes } of secrets) {
    writeFileSync(planted, Buffer.concat([Buffer.from('something '), bytes, Buffer.from(' else')]));
    const wanted = `${name}, ${how}`;
    assert(secrets.in(readFileSync(planted)).includes(wanted), `${wanted} was not found`);
  }
  assert.notDeepEqual(found(server, secrets), []);
  assert(secrets.names.length > 35, secrets.names.join());
});

test('the spellings are those that programs write', () => {
  const spellings = spellingsOf('a "k\u00e9y"~');
  const has = (text) => assert(spellings.some(({ bytes }) => bytes.equals(Buffer.from(text))), text);
  has('6120226bc3a979227e');
  has('61:20:22:6B:C3:A9:79:22:7E');
  has('%61%20%22%6b%c3%a9%79%22%7e');
  has('a+%22k%C3%A9y%22%7E');
  has('a &quot;k\u00e9y&quot;~');
  has('a \\"k\\u00e9y\\"~');
  has('a \\"k\\u{e9}y\\"~');
  has('97, 32, 34, 107, 195, 169, 121, 34, 126');
  // Wherever it begins, its base64 holds one of ours.
  for (const before of ['', 'x', 'xx', 'xxx']) {
    const text = Buffer.from(`${before}a "k\u00e9y"~ and more`).toString('base64');
    assert(spellings.some(({ how, bytes }) => how.startsWith('in base64,') && text.includes(bytes.toString())), text);
  }
});

test('the memory of the program never lies in a file, whatever ends it', async (t) => {
  if (!existsSync('/proc/self/limits')) return t.skip('this system does not say what limits a program has');
  const limitOf = (pid) => /^Max core file size\s+(\S+)\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')).slice(1);
  if (limitOf('self')[1] === '0') return t.skip('no program may leave its memory behind here');
  const server = await Server.start();
  t.after(() => server.end());
  assert.deepEqual(limitOf(server.process.child.pid), ['0', '0']);
});

test('what the program writes is for its owner alone', async (t) => {
  const args = ['--log', 'chat.log', '--capture', 'lab.pcapng', '--keylog', 'keys.log'];
  const server = await Server.start({ mode: 'both', args });
  t.after(() => server.end());
  assert(filesIn(server.folder).length > 8);
  const open = filesIn(server.folder).filter((file) => (statSync(file).mode & 0o077) !== 0);
  assert.deepEqual(open.map((file) => path.relative(server.folder, file)), []);
  for (const folder of ['data', '.tls']) assert.equal(statSync(path.join(server.folder, folder)).mode & 0o077, 0, folder);
});
