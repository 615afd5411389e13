// How long it takes until what crossed the network stands in an open view: from the moment when a client sends a frame to the moment when
// another client, which watches that connection, is told of it.
//
//   npm ci --prefix tests && cargo build --release && node benches/view_delay.mjs target/release/secure-chat [frames]

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import WebSocket from '../tests/node_modules/ws/wrapper.mjs';

const [binary = 'target/release/secure-chat', frames = '200'] = process.argv.slice(2);

async function measure(scheme) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'secure-chat-delay-'));
  const args = ['--host', '127.0.0.1', '--port', '0', ...(scheme === 'https' ? ['--tls'] : [])];
  const server = spawn(path.resolve(binary), args, { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'] });
  const base = await new Promise((resolve, reject) => {
    let printed = '';
    server.on('exit', () => reject(new Error(`the server has stopped:\n${printed}`)));
    server.stdout.on('data', (text) => {
      printed += text;
      if (printed.includes('Ctrl-C')) resolve(printed.match(/^https?:\/\/\S+:\d+$/m)[0]);
    });
  });
  try {
    return await delays(base);
  } finally {
    server.removeAllListeners('exit');
    server.kill('SIGTERM');
    await new Promise((resolve) => server.on('exit', resolve));
    rmSync(folder, { recursive: true });
  }
}

async function delays(base) {
  const { default: client } = await import(base.startsWith('https') ? 'node:https' : 'node:http');
  const content = 'name=delay&password=not+a+secret+at+all';
  const cookie = await new Promise((resolve, reject) => {
    const asked = client.request(`${base}/register`, {
      method: 'POST',
      rejectUnauthorized: false,
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': content.length },
    }, (answer) => resolve(answer.resume().headers['set-cookie'].map((it) => it.split(';')[0]).join('; ')));
    asked.on('error', reject).end(content);
  });
  const open = (target) => new Promise((resolve, reject) => {
    const socket = new WebSocket(base.replace(/^http/, 'ws') + target, { origin: base, headers: { Cookie: cookie }, rejectUnauthorized: false });
    socket.on('open', () => resolve(socket)).on('error', reject);
  });
  const chat = await open('/ws/chat/1');
  const view = await open('/ws/wire');
  const sent = new Map();
  const found = [];
  const watched = new Promise((resolve) => {
    view.on('message', (data) => {
      const event = JSON.parse(data);
      if (event.type === 'connections') {
        const own = event.connections.find(({ carried }) => carried.includes('/ws/chat/1'));
        if (own) view.send(JSON.stringify({ type: 'watch', connection: own.number }));
      }
      if (event.type !== 'items') return;
      resolve();
      for (const item of event.items) {
        const word = /"content":"(word-\d+-)"/.exec(item.title)?.[1];
        if (!sent.has(word)) continue;
        found.push(performance.now() - sent.get(word));
        sent.delete(word);
      }
    });
  });
  await watched;
  for (let number = 0; number < Number(frames); number += 1) {
    const word = `word-${number}-`;
    sent.set(word, performance.now());
    chat.send(JSON.stringify({ type: 'send', content: word }));
    // Ten messages a second are allowed; a step that is no multiple of the view's own meets all of its phases.
    await pause(137);
  }
  await pause(1000);
  chat.terminate();
  view.terminate();
  if (sent.size > 0) throw new Error(`${sent.size} of ${frames} frames were not told`);
  return found.sort((a, b) => a - b);
}

for (const scheme of ['http', 'https']) {
  const all = await measure(scheme);
  const at = (part) => all[Math.min(all.length - 1, Math.floor(all.length * part))].toFixed(0);
  console.log(`${scheme.padEnd(5)} ${all.length} frames: half within ${at(0.5)} ms, 99 % within ${at(0.99)} ms, all within ${at(1)} ms`);
}
