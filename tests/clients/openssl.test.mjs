// OpenSSL against the TLS side: what is negotiated, what is refused, and what the certificate says.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { withDeadline } from '../deadline.mjs';
import { Server } from '../server.mjs';

let server;
before(async () => { server = await Server.start({ mode: 'both' }); });
after(() => server.end());

/** Runs `openssl s_client`, sends `input` and gives all that it printed, the peer's bytes among it. */
function sClient(args, input = 'GET /login HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n') {
  const { port } = new URL(server.urls.tls);
  const client = spawn('openssl', ['s_client', '-connect', `localhost:${port}`, '-servername', 'localhost',
    '-CAfile', server.certificateFile, '-ign_eof', ...args]);
  let printed = '';
  for (const stream of [client.stdout, client.stderr]) stream.setEncoding('utf8').on('data', (text) => { printed += text; });
  client.stdin.on('error', () => {}); // a refused handshake closes it before the request is written
  client.stdin.end(input);
  return withDeadline('openssl s_client ends', new Promise((resolve, reject) => {
    client.on('error', reject);
    client.on('close', () => resolve(printed));
  }), 20_000).finally(() => client.kill());
}

for (const [version, flag, offer, suite] of [
  ['TLSv1.2', '-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  ['TLSv1.2', '-tls1_2', '-cipher', 'ECDHE-ECDSA-CHACHA20-POLY1305'],
  ['TLSv1.3', '-tls1_3', '-ciphersuites', 'TLS_AES_128_GCM_SHA256'],
  ['TLSv1.3', '-tls1_3', '-ciphersuites', 'TLS_AES_256_GCM_SHA384'],
  ['TLSv1.3', '-tls1_3', '-ciphersuites', 'TLS_CHACHA20_POLY1305_SHA256'],
]) {
  test(`openssl gets a page over ${version} with ${suite}`, async () => {
    const printed = await sClient([flag, offer, suite, '-alpn', 'http/1.1']);
    assert.match(printed, new RegExp(`New, ${version.replace('.', '\\.')}, Cipher is ${suite}`));
    assert.match(printed, /ALPN protocol: http\/1\.1/);
    assert.match(printed, /Verify return code: 0 \(ok\)/);
    assert.match(printed, /HTTP\/1\.1 200 /);
  });
}

test('versions before TLS 1.2 are refused with an alert', async () => {
  const printed = await sClient(['-tls1_1', '-cipher', 'DEFAULT:@SECLEVEL=0']);
  assert.match(printed, /SSL alert number (70|40)/);
  assert.doesNotMatch(printed, /HTTP\/1\.1/);
});

test('a client that offers only other protocols than http/1.1 is refused with an alert', async () => {
  const printed = await sClient(['-alpn', 'h2']);
  assert.match(printed, /no application protocol/i);
});

test('every handshake shows the certificate: sessions are not resumed', async () => {
  for (const flag of ['-tls1_2', '-tls1_3']) {
    const session = path.join(server.folder, `session${flag}`);
    await sClient([flag, '-sess_out', session]);
    const second = await sClient([flag, '-sess_in', session]).catch(() => 'New,'); // no ticket, no session file: as good
    assert.doesNotMatch(second, /^Reused,/m);
  }
});

test('the certificate is as the banner says, and fit for a browser', () => {
  const certificate = new X509Certificate(server.certificate);
  const printed = (server.log + server.printed).replaceAll(/[\s:]/g, '').toLowerCase();
  assert(printed.includes(certificate.fingerprint256.replaceAll(':', '').toLowerCase()), 'the banner prints the SHA-256 fingerprint');
  for (const name of ['DNS:localhost', 'IP Address:127.0.0.1', 'IP Address:0:0:0:0:0:0:0:1']) {
    assert(certificate.subjectAltName.split(', ').includes(name), `${name} in ${certificate.subjectAltName}`);
  }
  assert.equal(certificate.ca, false);
  assert.equal(certificate.publicKey.asymmetricKeyDetails.namedCurve, 'prime256v1');
  const days = (Date.parse(certificate.validTo) - Date.now()) / 86_400_000;
  assert(days > 363 && days <= 365, `valid for ${days} days`);
  assert.equal(statSync(path.join(server.folder, '.tls', 'key.pem')).mode & 0o777, 0o600);
});
