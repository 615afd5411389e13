// A chat with people in it, for measurements: a data folder, and for each person a line with their cookie, for both transports.
//
//   node benches/people.mjs target/release/secure-chat FOLDER [people [groups]]
//
// FOLDER/data is for --data; FOLDER/plain.txt and FOLDER/tls.txt hold lines `Cookie: …` for load generators. Person number n is in the lobby,
// and in group number n modulo the count of groups, as load generators go round both.

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';

const [binary, folder, people = '350', groups = '50'] = process.argv.slice(2);
if (!folder) throw new Error('usage: node benches/people.mjs BINARY FOLDER [people [groups]]');
const GROUPS_PER_PERSON = 15; // the server lets one person make twenty at once
const PASSWORD = 'not a secret at all';

mkdirSync(folder, { recursive: true });
const server = spawn(path.resolve(binary), ['--host', '127.0.0.1', '--port', '0', '--tls-port', '0', '--both', '--no-wire', '--data', 'data'], {
  cwd: folder, stdio: ['ignore', 'pipe', 'ignore'],
});
const urls = await new Promise((resolve, reject) => {
  let printed = '';
  server.on('exit', () => reject(new Error(`the server has stopped:\n${printed}`)));
  server.stdout.on('data', (text) => {
    printed += text;
    if (printed.includes('Ctrl-C')) resolve(['http', 'https'].map((scheme) => printed.match(new RegExp(`^${scheme}://\\S+:\\d+$`, 'm'))[0]));
  });
});

const agents = { 'http:': new http.Agent({ keepAlive: true }), 'https:': new https.Agent({ keepAlive: true, rejectUnauthorized: false }) };

/** Sends a form, perhaps `from` another address of this machine. Gives the response's fields. */
function post(base, target, fields, headers = {}, from = undefined) {
  const url = new URL(target, base);
  const content = new URLSearchParams(fields).toString();
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      method: 'POST',
      agent: agents[url.protocol],
      localAddress: from,
      headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': content.length },
    }, (answer) => {
      answer.resume().on('end', () => {
        if (answer.statusCode === 303) resolve(answer.headers);
        else reject(new Error(`${target}: ${answer.statusCode}`));
      });
    });
    asked.on('error', reject).end(content);
  });
}

const cookieOf = (headers) => {
  const session = headers['set-cookie'].map((cookie) => cookie.split(';')[0]).find((cookie) => /^(__Host-sid|sid_plain)=/.test(cookie));
  return { Cookie: session };
};

const [plain, tls] = urls;
const cookies = { plain: [], tls: [] };
for (let number = 0; number < Number(people); number += 1) {
  const person = { name: `person${number}`, password: PASSWORD };
  // One address may make a thousand accounts at once.
  const from = `127.0.0.${1 + Math.floor(number / 1000)}`;
  cookies.plain.push(cookieOf(await post(plain, '/register', person, {}, from)));
  cookies.tls.push(cookieOf(await post(tls, '/login', person)));
}
// The lobby is group 1.
for (let group = 2; group <= Number(groups); group += 1) {
  await post(plain, '/groups', { name: `group ${group}` }, cookies.plain[Math.floor(group / GROUPS_PER_PERSON)]);
}
for (let number = 0; number < Number(people); number += 1) {
  const group = (number % Number(groups)) + 1;
  if (group > 1) await post(plain, `/groups/${group}/join`, {}, cookies.plain[number]);
}
for (const side of ['plain', 'tls']) {
  writeFileSync(path.join(folder, `${side}.txt`), cookies[side].map(({ Cookie }) => `Cookie: ${Cookie}\n`).join(''));
}
server.removeAllListeners('exit');
server.kill('SIGTERM');
await new Promise((resolve) => server.on('exit', resolve));
process.exit(0);
