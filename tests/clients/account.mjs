// A user as seen by a program: registers over HTTP with a form and keeps the session cookie.
// No WebSocket in here, and no browser.

import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';

/** One request, answered whole: `{ status, headers, body }`. Redirects are not followed. */
export function fetchFrom(server, transport, target, { method = 'GET', headers = {}, body } = {}) {
  const url = new URL(target, server.urls[transport]);
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers, ca: server.certificate, agent: false, timeout: 20_000 }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({
        status: response.statusCode,
        headers: response.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      }));
    });
    sent.on('error', reject);
    sent.on('timeout', () => sent.destroy(new Error(`${method} ${target} was not answered`)));
    sent.end(body);
  });
}

/** A form as a browser sends it, from a page of the same origin. */
export function postForm(server, transport, target, fields, { cookie, headers = {} } = {}) {
  return fetchFrom(server, transport, target, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/x-www-form-urlencoded',
      Origin: new URL(server.urls[transport]).origin,
      ...(cookie ? { Cookie: cookie } : {}),
      ...headers,
    },
    body: new URLSearchParams(fields).toString(),
  });
}

/** Registers `name` and answers with `{ name, password, transport, cookie }`. */
export async function register(server, transport, name) {
  const password = `a password of ${name}, never logged`;
  server.secrets.add(password);
  const response = await postForm(server, transport, '/register', { name, password });
  assert.equal(response.status, 303, `registering ${name}: ${response.status} ${response.body.slice(0, 500)}`);
  return { name, password, transport, cookie: keepCookie(server, response) };
}

/** Puts the user into a group; nothing changes for one who is in it. */
export async function join(server, account, group) {
  const response = await postForm(server, account.transport, `/groups/${group}/join`, {}, account);
  assert.equal(response.status, 303, `joining group ${group}: ${response.status}`);
}

/** The `name=value` of the session cookie that a response sets. Its value must never be logged. */
export function keepCookie(server, response) {
  const [field] = response.headers['set-cookie'] ?? [];
  assert(field, 'a session cookie is set');
  const cookie = field.split(';', 1)[0];
  const value = cookie.slice(cookie.indexOf('=') + 1);
  assert(value.length >= 32, 'a session token of 256 bits needs more characters');
  server.secrets.add(value);
  return cookie;
}
