// Bytes that no client library would send, on a bare socket: ambiguous, misplaced, or many requests at once.

import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { withDeadline } from '../deadline.mjs';
import { Server } from '../server.mjs';

let server;
before(async () => { server = await Server.start({ mode: 'both' }); });
after(() => server.end());

/** What a port answers to raw bytes, until it closes. */
function answerTo(url, bytes) {
  return withDeadline('the server closes', new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(url).port) }, () => socket.write(bytes));
    let answer = '';
    socket.setEncoding('latin1').on('data', (text) => { answer += text; });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  }), 20_000);
}

test('a ClientHello on the plain port is told which URL to use', async () => {
  const clientHelloStart = Buffer.from('16030100c8010000c40303', 'hex');
  const answer = await answerTo(server.urls.plain, Buffer.concat([clientHelloStart, Buffer.alloc(194)]));
  assert.match(answer, /^HTTP\/1\.1 400 /);
  assert(answer.includes('http://'), answer);
});

test('what two servers could read in two ways is refused, and the connection closed', async () => {
  const post = (fields, body = '') => `POST /login HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n${body}`;
  for (const [what, request, status] of [
    ['Content-Length with Transfer-Encoding', post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 400],
    ['two lengths', post('Content-Length: 5\r\nContent-Length: 6\r\n', 'abcdef'), 400],
    ['a signed length', post('Content-Length: +5\r\n', 'abcde'), 400],
    ['a space before the colon', post('Content-Length : 5\r\n', 'abcde'), 400],
    ['a folded line', 'GET /login HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r\n 2\r\n\r\n', 400],
    ['a bare CR', 'GET /login HTTP/1.1\r\nHost: localhost\r\nX-A: 1\r2\r\n\r\n', 400],
    ['no Host', 'GET /login HTTP/1.1\r\n\r\n', 400],
    ['two Hosts', 'GET /login HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n', 400],
    ['a chunk size that is none', post('Transfer-Encoding: chunked\r\n', '0x5\r\nabcde\r\n0\r\n\r\n'), 400],
    ['another transfer coding', post('Transfer-Encoding: gzip\r\n', ''), 501],
    ['a coding behind chunked', post('Transfer-Encoding: chunked, gzip\r\n', ''), 501],
  ]) {
    const answer = await answerTo(server.urls.plain, `${request}GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), what);
    assert.equal(answer.match(/HTTP\/1\.1 \d{3} /g).length, 1, `${what}: nothing behind it is answered`);
  }
});

test('pipelined requests are answered in their order', async () => {
  const get = (target, more = '') => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n${more}\r\n`;
  const answer = await answerTo(server.urls.plain, get('/login') + get('/no-such-thing') + get('/register', 'Connection: close\r\n'));
  assert.deepEqual([...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => status), ['200', '404', '200']);
});
