// Starting wrongly: each mistake gets one plain sentence with its cure, and the exit code that README names.

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { until } from '../deadline.mjs';
import { makeFolder, runProgram, Server } from '../server.mjs';
import { SmallDisk } from '../small_disk.mjs';
import { fetchFrom } from './account.mjs';

/** The exit codes: could not run, was called wrongly. */
const COULD_NOT_RUN = 1;
const USAGE = 2;

/** Runs the program, which must refuse: with that code, words on stderr that fit, and no debug output. */
async function mustRefuse(code, args, words, options) {
  const what = `secure-chat ${args.join(' ')}`;
  const run = await runProgram(args, options);
  assert.equal(run.code, code, `${what}: ${run.stdout}${run.stderr}`);
  for (const pattern of words) assert.match(run.stderr, pattern, what);
  assert.doesNotMatch(run.stderr, /panicked|RUST_BACKTRACE|Os \{|Error\(/, `${what} speaks plainly`);
  return run.stderr;
}

test('a mistake on the command line ends with 2 and names what was meant', async () => {
  await mustRefuse(USAGE, ['--prot', '8080'], [/--prot\b/, /--port\b/]);
  await mustRefuse(USAGE, ['--tsl'], [/--tls\b/]);
  await mustRefuse(USAGE, ['--port'], [/--port/]);
  await mustRefuse(USAGE, ['--port', 'http'], [/--port/, /http/]);
  await mustRefuse(USAGE, ['--port=65536'], [/65535|65536/]);
  await mustRefuse(USAGE, ['--tls=yes'], [/--tls/]);
  await mustRefuse(USAGE, ['serve'], [/serve/]);
});

test('--help and --version answer on stdout and end with 0', async () => {
  const help = await runProgram(['--help']);
  assert.equal(help.code, 0);
  for (const flag of ['--host', '--port', '--tls', '--tls-port', '--both', '--certfile', '--keyfile', '--tls-config', '--data', '--assets', '--log', '--trace', 'explain', '--help', '--version']) {
    assert(help.stdout.includes(flag), flag);
  }
  const version = await runProgram(['--version']);
  assert.equal(version.code, 0);
  assert.match(version.stdout, /^\S+ \d+\.\d+\.\d+\n$/);
});

test('a port that is taken is named, with another way', async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  const { port } = new URL(server.urls.plain);
  await mustRefuse(COULD_NOT_RUN, ['--port', port], [new RegExp(port), /--port/]);
});

test('a port below 1024 is not for everyone, and the sentence says which are', async (t) => {
  if (process.getuid() === 0) {
    t.skip('root may open any port');
    return;
  }
  await mustRefuse(COULD_NOT_RUN, ['--port', '80'], [/80/, /1024/]);
});

test('a data folder that cannot be written is named', async (t) => {
  const folder = makeFolder();
  const file = path.join(folder, 'a-file');
  writeFileSync(file, 'not a folder');
  await mustRefuse(COULD_NOT_RUN, ['--port', '0', '--data', file], [/a-file/]);
  await mustRefuse(COULD_NOT_RUN, ['--port', '0', '--data', '/proc/no-such-place/data'], [/\/proc\/no-such-place/]);
  const readOnly = path.join(folder, 'read-only');
  if (process.getuid() === 0) {
    // Root writes into any folder, but not onto a disk that is mounted read-only.
    if (!SmallDisk.mount(t, readOnly, { readOnly: true })) return;
  } else {
    mkdirSync(readOnly);
    chmodSync(readOnly, 0o555);
  }
  await mustRefuse(COULD_NOT_RUN, ['--port', '0', '--data', readOnly], [/read-only/, /written|writable|permission/i, /--data/]);
});

/** The data folder of a server that ran once and was stopped. */
async function usedData() {
  const server = await Server.start();
  assert.equal(await server.stop(), 0);
  return server.dataFolder;
}

test('a database that is damaged, newer than the program or in use by another is named, and left as it is', async () => {
  for (const file of ['users.sqlite3', 'chat.sqlite3']) {
    const newer = await usedData();
    execFileSync('sqlite3', [path.join(newer, file), 'PRAGMA user_version = 999']);
    await mustRefuse(COULD_NOT_RUN, ['--port', '0', '--data', newer], [new RegExp(file), /newer/]);

    const damaged = await usedData();
    writeFileSync(path.join(damaged, file), 'this is no database, whatever its name says. '.repeat(100));
    await mustRefuse(COULD_NOT_RUN, ['--port', '0', '--data', damaged], [new RegExp(file), /damaged|not a database/]);

    const used = await usedData();
    const other = spawn('sqlite3', [path.join(used, file)], { stdio: ['pipe', 'pipe', 'inherit'] });
    let answer = '';
    other.stdout.setEncoding('utf8').on('data', (text) => { answer += text; });
    other.stdin.write("PRAGMA locking_mode = EXCLUSIVE;\nBEGIN EXCLUSIVE;\nCREATE TABLE in_use (x);\nSELECT 'locked';\n");
    await until('the database is locked', () => answer.includes('locked'));
    await mustRefuse(COULD_NOT_RUN, ['--port', '0', '--data', used], [new RegExp(file), /in use|locked/]);
    other.stdin.end();
    other.kill();
  }
});

test('two servers do not share one data folder', async (t) => {
  const server = await Server.start();
  t.after(() => server.end());
  await mustRefuse(COULD_NOT_RUN, ['--port', '0', '--data', server.dataFolder], [/in use/, /--data/]);
});

function openssl(cwd, ...args) {
  execFileSync('openssl', args, { cwd, stdio: 'pipe' });
}

test('a certificate and key that do not match, are missing, or have run out are named', async () => {
  const folder = makeFolder();
  const make = (name, ...more) => openssl(folder, 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes',
    '-keyout', `${name}.key`, '-out', `${name}.pem`, '-subj', '/CN=localhost', ...more);
  make('one', '-days', '30');
  make('two', '-days', '30');
  const tls = (cert, key) => ['--tls', '--port', '0', '--certfile', cert, '--keyfile', key];
  await mustRefuse(COULD_NOT_RUN, tls('one.pem', 'two.key'), [/one\.pem/, /two\.key/, /match/], { cwd: folder });
  await mustRefuse(COULD_NOT_RUN, tls('none.pem', 'one.key'), [/none\.pem/], { cwd: folder });
  writeFileSync(path.join(folder, 'text.pem'), 'no certificate');
  await mustRefuse(COULD_NOT_RUN, tls('text.pem', 'one.key'), [/text\.pem/], { cwd: folder });
  openssl(folder, 'req', '-new', '-key', 'one.key', '-out', 'old.csr', '-subj', '/CN=localhost');
  writeFileSync(path.join(folder, 'ca.cnf'), ['[ca]', 'default_ca = c', '[c]', 'database = index', 'serial = serial', 'new_certs_dir = .',
    'default_md = sha256', 'policy = p', '[p]', 'commonName = supplied', ''].join('\n'));
  writeFileSync(path.join(folder, 'index'), '');
  writeFileSync(path.join(folder, 'serial'), '01\n');
  openssl(folder, 'ca', '-batch', '-config', 'ca.cnf', '-selfsign', '-keyfile', 'one.key', '-in', 'old.csr', '-out', 'old.pem', '-notext',
    '-startdate', '20200101000000Z', '-enddate', '20210101000000Z');
  await mustRefuse(COULD_NOT_RUN, tls('old.pem', 'one.key'), [/old\.pem/, /expired|2021/], { cwd: folder });
});

test('every mistake in tls_config.json is named at once, with its place or the nearest right word', async () => {
  for (const [text, words] of [
    ['{\n  "min_version": "1.2",\n  oops\n}', [/tls_config\.json:3:\d+/]],
    ['{ "min_versoin": "1.2", "cypher_suites": [] }', [/min_versoin/, /min_version\b/, /cypher_suites/, /cipher_suites/]],
    ['{ "min_version": "1.0" }', [/1\.0/]],
    ['{ "min_version": "1.3", "max_version": "1.2" }', [/min_version/, /max_version/]],
    ['{ "cipher_suites": ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_AES_128_GCM_SHA265"] }', [/TLS_RSA_WITH_AES_128_CBC_SHA/, /TLS_AES_128_GCM_SHA256/]],
    ['{ "groups": [] }', [/groups/]],
    ['[]', [/object/i]],
  ]) {
    const folder = makeFolder();
    writeFileSync(path.join(folder, 'tls_config.json'), text);
    await mustRefuse(COULD_NOT_RUN, ['--tls', '--port', '0'], [/tls_config\.json/, ...words], { cwd: folder });
  }
});

test('a log file that cannot be written is named before anything is served', async () => {
  await mustRefuse(COULD_NOT_RUN, ['--port', '0', '--log', '/proc/no-such-place/server.log'], [/no-such-place\/server\.log cannot be written/, /--log/]);
});

test('--log writes the log to a file as well, a line for each request', async (t) => {
  const server = await Server.start({ args: ['--log', 'server.log'] });
  t.after(() => server.end());
  await fetchFrom(server, 'plain', '/login');
  await until('the request stands in the file', () => /GET \/login.*200/.test(readFileSync(path.join(server.folder, 'server.log'), 'utf8')));
});
