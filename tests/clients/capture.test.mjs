// What the program hands out for Wireshark, from the command line on: captures, the live stream, key logs.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../deadline.mjs';
import { makeFolder, runProgram, Server } from '../server.mjs';
import { SmallDisk } from '../small_disk.mjs';
import { fetchFrom } from './account.mjs';

/** The request targets that tshark finds in a capture, with no option; fails if the file is not whole. */
function requestsIn(file) {
  const args = ['-r', file, '-Y', 'http.request', '-T', 'fields', '-e', 'http.request.uri'];
  return execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim().split('\n');
}

function mode(file) {
  return (statSync(file).mode & 0o777).toString(8);
}

async function mustRefuse(code, args, words, folder = makeFolder()) {
  const run = await runProgram(args, { cwd: folder });
  assert.equal(run.code, code, run.stderr);
  for (const pattern of words) assert.match(run.stderr, pattern);
  assert.doesNotMatch(run.stderr, /panicked|Os \{/);
}

test('what cannot be handed out is said in one sentence, and nothing is left behind', async () => {
  const folder = makeFolder();
  const precious = path.join(folder, 'lab.pcapng');
  writeFileSync(precious, 'precious');
  await mustRefuse(1, ['--port', '0', '--capture', 'lab.pcapng'], [/lab\.pcapng exists already/, /--capture/], folder);
  assert.equal(readFileSync(precious, 'utf8'), 'precious');
  await mustRefuse(1, ['--port', '0', '--capture', 'no/lab.pcapng'], [/no\/lab\.pcapng cannot be written/, /--capture/], folder);
  await mustRefuse(1, ['--tls', '--port', '0', '--keylog', 'no/keys'], [/no\/keys/, /--keylog/], folder);
  await mustRefuse(2, ['--port', '0', '--live', '0.0.0.0:19000'], [/other machines/, /--live-to-all/], folder);
  await mustRefuse(2, ['--port', '0', '--no-wire', '--capture', 'x'], [/--capture/, /--no-wire/], folder);

  process.env.SSLKEYLOGFILE = path.join(folder, 'no/keys');
  try {
    await mustRefuse(1, ['--tls', '--port', '0'], [/no\/keys/, /SSLKEYLOGFILE/], folder);
  } finally {
    delete process.env.SSLKEYLOGFILE;
  }
  // The certificate is read after the capture was begun, which would be in the way of the next try.
  const tls = ['--tls', '--port', '0', '--certfile', 'none.pem', '--keyfile', 'none.key'];
  await mustRefuse(1, [...tls, '--capture', 'new.pcapng'], [/none\.pem/], folder);
  assert(!existsSync(path.join(folder, 'new.pcapng')));
});

test('a live port that is taken is named, with another way', async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  const { port } = new URL(server.urls.plain);
  await mustRefuse(1, ['--port', '0', '--live', `:${port}`], [new RegExp(port), /--live/]);
});

test('all three say what they expose, and hold what they promise, also to a server that is killed', async (t) => {
  const args = ['--capture', 'lab.pcapng', '--live', ':0', '--keylog', 'keys.log', '--instructor'];
  const server = await Server.start({ mode: 'tls', args });
  t.after(() => server.end());
  const banner = server.process.stdout;
  for (const line of [
    /^Capture +lab\.pcapng$/m,
    /^Live +wireshark -k -i TCP@127\.0\.0\.1:[1-9]\d*$/m,
    /^Key log +keys\.log$/m,
    /^Instructor +https:\/\/localhost:\d+\/wire\?key=[\w-]{43}\n +Whoever opens it sees/m,
    /^Note: lab\.pcapng gets .*passwords/m,
    /^Note: --live streams .*passwords/m,
    /^Note: keys\.log gets the TLS keys/m,
  ]) assert.match(banner, line);
  const [capture, keys] = ['lab.pcapng', 'keys.log'].map((name) => path.join(server.folder, name));
  assert.deepEqual([mode(capture), mode(keys)], ['600', '600']);
  await fetchFrom(server, 'tls', '/login');
  assert.match(readFileSync(keys, 'utf8'), /^SERVER_TRAFFIC_SECRET_0 [0-9a-f]{64} [0-9a-f]{64,96}$/m);
  await until('the request stands in the capture', () => requestsIn(capture).includes('/login'));
  await server.kill();
  assert(requestsIn(capture).includes('/login'));
});

test('when its disk is full the capture ends whole, the log says so once, and the chat goes on', async (t) => {
  const folder = makeFolder();
  const disk = SmallDisk.mount(t, path.join(folder, 'captures'));
  if (!disk) return;
  const capture = path.join(folder, 'captures/lab.pcapng');
  const server = await Server.start({ folder, args: ['--capture', 'captures/lab.pcapng'] });
  t.after(() => server.end());
  await fetchFrom(server, 'plain', '/login');
  await until('the request stands in the capture', () => requestsIn(capture).includes('/login'));
  disk.fill();
  const hasEnded = () => /the capture ends here, since captures\/lab\.pcapng/.test(server.process.stderr);
  await until('the disk is full', async () => {
    await fetchFrom(server, 'plain', '/register');
    return hasEnded();
  });
  disk.makeRoom();
  for (let n = 0; n < 3; n += 1) {
    assert.equal((await fetchFrom(server, 'plain', '/login')).status, 200);
  }
  assert.equal(requestsIn(capture)[0], '/login');
  assert.equal(await server.stop(), 0);
  assert.equal(server.log.match(/the capture ends here/g).length, 1);
});
