// curl against both transports: what a careful but foreign HTTP client sends and expects (RFC 9110, RFC 9112).

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Server } from '../server.mjs';
import { fetchFrom } from './account.mjs';

/** The largest request body that is read, and the largest head (README, docs/SUPPORTED.md). */
const BODY_BYTES_MAX = 64 * 1024;
const HEAD_BYTES_MAX = 16 * 1024;

let server;
before(async () => { server = await Server.start({ mode: 'both' }); });
after(() => server.end());

/** Runs curl on targets of one transport: `{ code, stdout, stderr }`. */
function curl(transport, args, ...targets) {
  const trust = transport === 'tls' ? ['--cacert', server.certificateFile] : [];
  const urls = targets.map((target) => server.urls[transport] + target);
  return new Promise((resolve) => {
    execFile('curl', ['-sS', '--max-time', '20', ...trust, ...args, ...urls], { encoding: 'utf8', maxBuffer: 1 << 24 },
      (error, stdout, stderr) => resolve({ code: error ? error.code : 0, stdout, stderr }));
  });
}

/** As `curl -i`, with the answer taken apart. */
async function ask(transport, args, target) {
  const { code, stdout, stderr } = await curl(transport, ['-i', ...args], target);
  assert.equal(code, 0, `curl ${args.join(' ')} ${target}: ${stderr}`);
  // Interim answers come first; the last head is the answer.
  const heads = stdout.split('\r\n\r\n');
  while (/^HTTP\/1\.1 1\d\d /.test(heads[0])) heads.shift();
  const [statusLine, ...fields] = heads.shift().split('\r\n');
  return {
    version: statusLine.split(' ')[0],
    status: Number(statusLine.split(' ')[1]),
    fields: new Map(fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
    })),
    // The one field that comes once for each of its values.
    cookies: fields.filter((field) => /^set-cookie:/i.test(field)).map((field) => field.slice('set-cookie:'.length).trim()),
    content: heads.join('\r\n\r\n'),
  };
}

/** The style sheet that the pages name: a static file with a version in its URL. */
async function styleSheet(transport) {
  const { body } = await fetchFrom(server, transport, '/login');
  const [, target] = /<link[^>]+href="([^"]+\.css[^"]*)"/.exec(body) ?? [];
  assert(target, 'the log-in page names a style sheet');
  return target.replaceAll('&amp;', '&');
}

for (const transport of ['plain', 'tls']) {
  describe(`curl over ${transport}`, () => {
    test('gets a page with its date, type and length, not to be stored', async () => {
      const answer = await ask(transport, [], '/login');
      assert.equal(answer.status, 200);
      assert.equal(answer.version, 'HTTP/1.1');
      assert(Math.abs(Date.parse(answer.fields.get('date')) - Date.now()) < 60_000, 'Date is now');
      assert.match(answer.fields.get('content-type'), /^text\/html; ?charset=utf-8$/i);
      assert.equal(Number(answer.fields.get('content-length')), Buffer.byteLength(answer.content));
      assert.match(answer.fields.get('cache-control'), /no-store/);
    });

    test('finds the headers that fence a page in', async () => {
      const { fields } = await ask(transport, [], '/login');
      const policy = fields.get('content-security-policy');
      assert.match(policy, /default-src '(none|self)'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe-|data:|\*/);
      assert.equal(fields.get('x-content-type-options'), 'nosniff');
      assert.match(fields.get('referrer-policy'), /^(no-referrer|same-origin)$/);
      assert.equal(fields.get('strict-transport-security'), undefined, 'HSTS would break the plain side');
    });

    test('keeps one connection for many requests', async () => {
      const { code, stderr, stdout } = await curl(transport, ['-v', '-w', '%{num_connects}\n', '-o', '/dev/null', '-o', '/dev/null', '-o', '/dev/null'],
        '/login', '/register', '/login');
      assert.equal(code, 0, stderr);
      assert.deepEqual(stdout.trim().split('\n'), ['1', '0', '0']);
    });

    test('is answered in HTTP/1.0 terms when it speaks HTTP/1.0: the connection ends', async () => {
      const { code, stderr, stdout } = await curl(transport, ['--http1.0', '--no-alpn', '-v', '-w', '%{http_code} %{num_connects}\n', '-o', '/dev/null', '-o', '/dev/null'], '/login', '/login');
      assert.equal(code, 0, stderr);
      assert.deepEqual(stdout.trim().split('\n'), ['200 1', '200 1']);
    });

    test('gets the head of a GET for a HEAD, and no content', async () => {
      const [whole, head] = [await ask(transport, [], '/login'), await ask(transport, ['-I'], '/login')];
      assert.equal(head.status, 200);
      assert.equal(head.fields.get('content-length'), whole.fields.get('content-length'));
      assert.equal(head.content, '');
    });

    test('learns from OPTIONS and from 405 which methods there are', async () => {
      for (const [args, target, status] of [
        [['-X', 'OPTIONS'], '/login', [200, 204]],
        [['-X', 'OPTIONS', '--request-target', '*'], '/login', [200, 204]],
        [['-X', 'DELETE'], '/login', [405]],
      ]) {
        const answer = await ask(transport, args, target);
        assert(status.includes(answer.status), `${args.join(' ')}: ${answer.status}`);
        assert.match(answer.fields.get('allow') ?? '', /\bGET\b/, args.join(' '));
      }
    });

    test('is told 404 in a page for what does not exist', async () => {
      const answer = await ask(transport, [], '/no-such-thing');
      assert.equal(answer.status, 404);
      assert.match(answer.content, /<h1/);
    });

    test('asks again for a static file and is told that it still has it', async () => {
      const target = await styleSheet(transport);
      const first = await ask(transport, [], target);
      assert.equal(first.status, 200);
      assert.match(first.fields.get('cache-control'), /immutable/);
      const byTag = await ask(transport, ['-H', `If-None-Match: ${first.fields.get('etag')}`], target);
      assert.equal(byTag.status, 304);
      assert.equal(byTag.content, '');
      const byDate = await ask(transport, ['-z', first.fields.get('last-modified')], target);
      assert.equal(byDate.status, 304);
      const changed = await ask(transport, ['-H', 'If-None-Match: "another"'], target);
      assert.equal(changed.status, 200);
    });

    test('gets the stretch of a static file that it asks for', async () => {
      const target = await styleSheet(transport);
      const { content, fields } = await ask(transport, [], target);
      const length = Number(fields.get('content-length'));
      for (const [range, from, to] of [
        ['0-0', 0, 0],
        ['5-24', 5, 24],
        [`${length - 1}-`, length - 1, length - 1],
        ['-10', length - 10, length - 1],
        [`0-${length + 100}`, 0, length - 1],
      ]) {
        const answer = await ask(transport, ['-r', range], target);
        assert.equal(answer.status, 206, range);
        assert.equal(answer.fields.get('content-range'), `bytes ${from}-${to}/${length}`);
        assert.equal(answer.content, Buffer.from(content).subarray(from, to + 1).toString(), range);
      }
      const beyond = await ask(transport, ['-r', `${length}-`], target);
      assert.equal(beyond.status, 416);
      assert.equal(beyond.fields.get('content-range'), `bytes */${length}`);
    });

    test('sends a form in chunks, and it is read as if it had come whole', async () => {
      const form = `name=chunky-${transport}&password=sent+in+chunks+${transport}`;
      server.secrets.add(`sent in chunks ${transport}`);
      const chunked = await ask(transport, ['-H', 'Transfer-Encoding: chunked', '--data', form], '/register');
      assert.equal(chunked.status, 303, chunked.content);
      const again = await ask(transport, ['--data', form], '/register');
      assert.notEqual(again.status, 303, 'the name is taken now');
      assert.match(again.content, /taken/i);
    });

    test('waits for 100 Continue before a body, and gets it', async () => {
      const { code, stdout, stderr } = await curl(transport, ['-v', '-o', '/dev/null', '-w', '%{http_code}',
        '--expect100-timeout', '15', '-H', 'Expect: 100-continue', '--data', 'name=nobody&password=wrong+password'], '/login');
      assert.equal(code, 0, stderr);
      assert.match(stderr, /^< HTTP\/1\.1 100 /m);
      assert.doesNotMatch(stderr, /Done waiting for 100/, 'curl did not have to give up waiting');
      assert(Number(stdout) >= 200, `the final answer: ${stdout}`);
    });

    test('uploads from a pipe with PUT, which no page takes', async () => {
      const file = path.join(server.folder, 'upload');
      writeFileSync(file, 'x'.repeat(1000));
      const answer = await ask(transport, ['-H', 'Transfer-Encoding: chunked', '-T', file], '/login');
      assert.equal(answer.status, 405);
      assert.match(answer.fields.get('allow'), /\bGET\b/);
    });

    test('may send a body of exactly the limit, and not one byte more', async () => {
      for (const [length, tooLong] of [[BODY_BYTES_MAX, false], [BODY_BYTES_MAX + 1, true]]) {
        for (const framing of [[], ['-H', 'Transfer-Encoding: chunked']]) {
          const file = path.join(server.folder, 'body');
          writeFileSync(file, `name=${'x'.repeat(length - 5)}`);
          const answer = await ask(transport, ['-H', 'Expect:', ...framing, '--data-binary', `@${file}`], '/login');
          assert.equal(answer.status === 413, tooLong, `${length} bytes ${framing}: ${answer.status}`);
        }
      }
    });

    test('may not send a head beyond the limit', async () => {
      const long = await ask(transport, ['-H', `X-Long: ${'x'.repeat(HEAD_BYTES_MAX)}`], '/login');
      assert.equal(long.status, 431);
      const many = await ask(transport, Array.from({ length: 101 }, (_, n) => ['-H', `X-${n}: x`]).flat(), '/login');
      assert.equal(many.status, 431);
      const near = await ask(transport, ['-H', `X-Long: ${'x'.repeat(HEAD_BYTES_MAX - 1000)}`], '/login');
      assert.equal(near.status, 200);
      const target = await ask(transport, [], `/${'x'.repeat(8 * 1024)}`);
      assert.equal(target.status, 414);
    });

    test('cannot leave the folder of the static files', async () => {
      const folder = path.posix.dirname(new URL(await styleSheet(transport), server.urls[transport]).pathname);
      for (const way of ['/../Cargo.toml', '/%2e%2e/Cargo.toml', '/..%2fCargo.toml', '/%2e%2e%2f%2e%2e%2fetc/passwd',
        '/..%5cCargo.toml', '//etc/passwd', '/%00', '/....//Cargo.toml', '/.%2e/Cargo.toml']) {
        const answer = await ask(transport, ['--path-as-is'], folder + way);
        assert([400, 404].includes(answer.status), `${way}: ${answer.status}`);
      }
    });

    test('is not let in from another site', async () => {
      for (const header of ['Origin: http://evil.example', 'Sec-Fetch-Site: cross-site', 'Origin: null']) {
        const answer = await ask(transport, ['-H', header, '--data', 'name=nobody&password=wrong+password'], '/login');
        assert.equal(answer.status, 403, header);
      }
    });

    test('asks for the chat without a session and is sent to the log-in page', async () => {
      const answer = await ask(transport, [], '/');
      assert([302, 303].includes(answer.status), `status ${answer.status}`);
      assert.match(answer.fields.get('location'), /\/login/);
    });
  });
}

test('curl chooses TLS 1.2 or TLS 1.3, and is served on both, but on nothing older', async () => {
  for (const [args, version] of [[['--tls-max', '1.2'], 'TLSv1.2'], [['--tlsv1.3'], 'TLSv1.3']]) {
    const { code, stderr } = await curl('tls', ['-v', '-o', '/dev/null', ...args], '/login');
    assert.equal(code, 0, stderr);
    assert.match(stderr, new RegExp(`SSL connection using ${version.replace('.', '\\.')}`));
  }
  const { code } = await curl('tls', ['--tlsv1.0', '--tls-max', '1.1', '--ciphers', 'DEFAULT:@SECLEVEL=0', '-o', '/dev/null'], '/login');
  assert.equal(code, 35, 'curl reports a failed handshake');
});

test('secure cookies are set over TLS, and such as say plain without', async () => {
  for (const [transport, names, secure] of [['plain', ['sid_plain', 'browser_token_plain'], false], ['tls', ['__Host-sid', '__Host-browser-token'], true]]) {
    const password = `cookie password ${transport}`;
    server.secrets.add(password);
    const { cookies, status, content } = await ask(transport, ['--data-urlencode', `name=cookie-${transport}`, '--data-urlencode', `password=${password}`], '/register');
    assert.equal(status, 303, content);
    assert.deepEqual(cookies.map((cookie) => cookie.split('=')[0]), names);
    for (const cookie of cookies) {
      assert.match(cookie, /; ?HttpOnly/i);
      assert.match(cookie, /; ?SameSite=Lax/i);
      assert.match(cookie, /; ?Path=\/(;|$)/i);
      assert.equal(/; ?Secure/i.test(cookie), secure);
      server.secrets.add(cookie.split(/[=;]/)[1]);
    }
  }
});

test('plain HTTP on the TLS port is told which URL to use', async () => {
  const { code, stdout, stderr } = await new Promise((resolve) => {
    execFile('curl', ['-sS', '-i', '--max-time', '20', server.urls.tls.replace('https:', 'http:')],
      (error, out, err) => resolve({ code: error ? error.code : 0, stdout: out, stderr: err }));
  });
  assert.equal(code, 0, stderr);
  assert.match(stdout, /^HTTP\/1\.1 400 /);
  const { port } = new URL(server.urls.tls);
  assert.match(stdout, new RegExp(`https://(localhost|127\\.0\\.0\\.1):${port}\\b`));
});
