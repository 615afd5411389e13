// What the system takes away while the server runs: descriptors, the lock of a database, its files, the disk.
// Each time those inside are served as far as it goes, the log says why not farther, and it ends without a restart.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';
import { FaultyDisk } from '../accidents/faulty_disk.mjs';
import { limitFiles, lockDatabase, openFiles } from '../accidents/faults.mjs';
import { until } from '../deadline.mjs';
import { makeFolder, REPOSITORY, Server } from '../server.mjs';
import { fetchFrom, join, postForm, register } from './account.mjs';
import { Listener, LOBBY, refusalOf } from './chatter.mjs';
import { query } from './kept.mjs';

/** Somebody in the first group, who says numbered messages. */
class Member {
  saidCount = 0;

  static async of(server, name) {
    const account = await register(server, 'plain', name);
    await join(server, account, LOBBY);
    const listener = await Listener.open(server, account, `/ws/chat/${LOBBY}`);
    await listener.event('ready', 'ready');
    return Object.assign(new Member(), { account, listener });
  }

  /** Gives the answer, and how long it took. The same words again if the last ones were not taken. */
  async say() {
    const began = performance.now();
    const answer = await this.listener.say(`words ${this.saidCount}`, `${this.account.name}-${this.saidCount}`);
    if (answer.type === 'message') this.saidCount += 1;
    return { ...answer, tookMs: performance.now() - began };
  }

  async mustBeHeard(when) {
    const answer = await this.say();
    assert.equal(answer.type, 'message', `${when}: ${answer.text}`);
    return answer;
  }

  async mustBeRefused(why) {
    const answer = await this.say();
    assert.equal(answer.reason, 'not_stored', `a message that cannot be stored is refused: ${JSON.stringify(answer)}`);
    assert.match(answer.text, why);
    assert.doesNotMatch(answer.text, /sqlite3|data\//, 'paths are for the log');
    return answer;
  }
}

function stored(server) {
  return query(server, 'chat.sqlite3', 'SELECT content FROM messages ORDER BY id').map(({ content }) => content);
}

const numbered = (count) => Array.from({ length: count }, (_, n) => `words ${n}`);

test('without descriptors those inside go on, the log says so once, and who waits comes in as others leave', async (t) => {
  const [free, crowdSize] = [6, 24];
  const server = await Server.start();
  t.after(() => server.end());
  const member = await Member.of(server, 'inside');
  const mend = limitFiles(server, openFiles(server) + free);
  t.after(mend);

  const port = Number(new URL(server.urls.plain).port);
  const crowd = Array.from({ length: crowdSize }, () => {
    const visitor = { socket: connect({ host: '127.0.0.1', port }), answer: '' };
    visitor.socket.on('error', () => {});
    visitor.socket.setEncoding('utf8').on('data', (text) => { visitor.answer += text; });
    visitor.socket.write('GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n');
    return visitor;
  });
  const answered = () => crowd.filter(({ answer }) => answer.startsWith('HTTP/1.1 200 '));
  const complaints = () => server.printed.match(/can let nobody in.*/g) ?? [];
  await until('somebody has to wait', () => complaints().length > 0);
  assert.match(complaints()[0], /files/);
  assert.match(complaints()[0], /ulimit/, 'the cure is named');
  for (let n = 0; n < 3; n += 1) await member.mustBeHeard('without descriptors');
  assert(answered().length < crowdSize, 'not everyone is inside');

  // Each who leaves makes room for one who waits.
  for (const visitor of crowd) {
    await until('the next one is answered', () => visitor.answer);
    visitor.socket.destroy();
  }
  assert.equal(answered().length, crowdSize);
  mend();
  await until('the log says that it is over', () => /lets people in again/.test(server.printed));
  assert.equal(complaints().length, 1, 'a try every tenth of a second, and one line');
  assert.equal((await fetchFrom(server, 'plain', '/login')).status, 200);
  member.listener.close();
});

test('while another program holds a database people can read, are told why they cannot write, and nothing is lost', async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  const member = await Member.of(server, 'waits');
  await member.mustBeHeard('before');

  // As long as a backup takes: it only comes a little later.
  let release = await lockDatabase(server, 'chat.sqlite3');
  setTimeout(release, 500);
  const { tookMs } = await member.mustBeHeard('after a short wait');
  t.diagnostic(`held for 500 ms, a message is stored after ${Math.round(tookMs)} ms`);

  const releases = [await lockDatabase(server, 'chat.sqlite3'), await lockDatabase(server, 'users.sqlite3')];
  release = () => releases.forEach((each) => each());
  t.after(release);
  const [refused, registered, page] = await Promise.all([
    member.mustBeRefused(/another program/i),
    postForm(server, 'plain', '/register', { name: 'too-late', password: 'a password that waits' }),
    fetchFrom(server, 'plain', `/chat/${LOBBY}`, { headers: { Cookie: member.account.cookie } }),
  ]);
  t.diagnostic(`held for longer, it is refused after ${Math.round(refused.tookMs)} ms`);
  assert.equal(registered.status, 503);
  assert.match(registered.body, /another program/i);
  assert.equal(page.status, 200, 'reading goes on');
  for (const file of ['chat', 'users']) {
    await until(`the log names ${file}`, () => server.printed.includes(`${file}.sqlite3 is in use by another program`));
  }

  release();
  await member.mustBeHeard('the very same message');
  await register(server, 'plain', 'too-late');
  assert.deepEqual(stored(server), numbered(member.saidCount));
  member.listener.close();
});

test('a data folder that was moved takes no messages until it is back', async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  const member = await Member.of(server, 'moved');
  await member.mustBeHeard('before');

  const elsewhere = path.join(server.folder, 'elsewhere');
  renameSync(server.dataFolder, elsewhere);
  await member.mustBeRefused(/moved/);
  const registered = await postForm(server, 'plain', '/register', { name: 'homeless', password: 'a password without home' });
  assert.equal(registered.status, 503);
  assert.match(server.printed, /chat\.sqlite3 was moved, removed or replaced/);
  const page = await fetchFrom(server, 'plain', `/chat/${LOBBY}`, { headers: { Cookie: member.account.cookie } });
  assert.equal(page.status, 200, 'reading goes on');

  renameSync(elsewhere, server.dataFolder);
  await member.mustBeHeard('it is back');
  await register(server, 'plain', 'homeless');
  assert.deepEqual(stored(server), numbered(member.saidCount));
  member.listener.close();
});

test('of a data folder that was removed everything can be saved while the server runs, as docs/RELIABILITY.md says', async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  const member = await Member.of(server, 'removed');
  await member.mustBeHeard('before');
  rmSync(server.dataFolder, { recursive: true });
  await member.mustBeRefused(/moved/);

  const document = readFileSync(path.join(REPOSITORY, 'docs', 'RELIABILITY.md'), 'utf8');
  const commands = /```sh\n(mkdir saved\n[^]*?)```/.exec(document)[1];
  execFileSync('sh', ['-euc', commands], { cwd: server.folder, env: { ...process.env, pid: String(server.pid) } });
  assert.equal(await server.stop(), 0);
  member.listener.close();
  renameSync(path.join(server.folder, 'saved'), server.dataFolder);
  await server.start();
  const again = await Listener.open(server, member.account, `/ws/chat/${LOBBY}`);
  const { messages } = await again.event('history', 'history');
  assert.deepEqual(messages.map(({ content }) => content), numbered(member.saidCount));
  again.close();
});

test('of a database that was damaged while it was in use nothing is shown, and the log names it', async (t) => {
  const pageLen = 4096;
  const server = await Server.start();
  t.after(() => server.end());
  const member = await Member.of(server, 'damaged');
  await member.mustBeHeard('before');
  member.listener.close();
  // Stopped and started, so that all of it lies in the one file.
  assert.equal(await server.stop(), 0);
  await server.start();
  const file = path.join(server.dataFolder, 'chat.sqlite3');
  const whole = readFileSync(file);
  const damaged = Buffer.from(whole).fill(0xa5, pageLen);
  writeFileSync(file, damaged);

  const page = await fetchFrom(server, 'plain', `/chat/${LOBBY}`, { headers: { Cookie: member.account.cookie } });
  assert.equal(page.status, 503);
  assert.match(page.body, /database does not work/);
  assert.equal((await refusalOf(server, member.account, `/ws/chat/${LOBBY}`)).status, 503);
  assert.equal((await fetchFrom(server, 'plain', '/login')).status, 200, 'what needs no database is served');
  await until('the log names it', () => /chat\.sqlite3 is damaged.*put a good copy in its place/.test(server.printed));

  assert.equal(await server.stop(), 0);
  writeFileSync(file, whole);
  await server.start();
  const again = await Listener.open(server, member.account, `/ws/chat/${LOBBY}`);
  const { messages } = await again.event('history', 'history');
  assert.deepEqual(messages.map(({ content }) => content), numbered(member.saidCount));
  again.close();
});

for (const [error, why, inTheLog] of [
  ['EROFS', /database does not work/, /users\.sqlite3 could not be read or written: .* read-only/],
  ['EIO', /database does not work/, /users\.sqlite3 could not be read or written/],
  ['ENOSPC', /no room/, /no room left on the disk for .*users\.sqlite3/],
]) {
  test(`a disk that fails with ${error} refuses in plain words, and works again once it does`, async (t) => {
    const folder = makeFolder();
    const disk = new FaultyDisk(folder);
    const server = await Server.start({ folder, env: disk.env, args: ['--log', 'server.log'] });
    t.after(() => server.end());
    t.after(() => disk.mend());
    const member = await Member.of(server, 'hopeful');
    await member.mustBeHeard('before');
    disk.failWith(error);
    for (let n = 0; n < 3; n += 1) await member.mustBeRefused(why);
    const registered = await postForm(server, 'plain', '/register', { name: 'nowhere', password: 'a password for nowhere' });
    assert.equal(registered.status, 503);
    const page = await fetchFrom(server, 'plain', `/chat/${LOBBY}`, { headers: { Cookie: member.account.cookie } });
    assert.equal(page.status, 200, 'reading goes on');
    await until('the terminal is told of the log file too', () => /The log file cannot be written/.test(server.printed));
    await until(`the log says ${inTheLog}`, () => inTheLog.test(server.printed));
    assert.equal(server.printed.match(/messages could not be stored/g).length, 1, 'told once');

    disk.mend();
    await member.mustBeHeard('the very same message');
    await register(server, 'plain', 'nowhere');
    assert.deepEqual(stored(server), numbered(member.saidCount));
    await until('the log says that it is over', () => /messages can be stored again/.test(server.printed));
    await until('the log file goes on, and says that lines are missing', () => /^\(lines are missing here.*\n.*Z .*/m
      .test(readFileSync(path.join(folder, 'server.log'), 'utf8')));
    member.listener.close();
  });
}
