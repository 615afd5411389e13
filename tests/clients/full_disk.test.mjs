// A disk without room: refused in plain words, nothing half stored, and work goes on when there is room.

import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { makeFolder, runProgram, Server } from '../server.mjs';
import { SmallDisk } from '../small_disk.mjs';
import { fetchFrom, join, postForm, register } from './account.mjs';
import { Listener, LOBBY } from './chatter.mjs';

test('a message that the disk has no room for is refused as not stored, and stored when there is room', async (t) => {
  const folder = makeFolder();
  const disk = SmallDisk.mount(t, path.join(folder, 'data'));
  if (!disk) return;
  const server = await Server.start({ folder });
  t.after(() => server.end());
  const account = await register(server, 'plain', 'hopeful');
  await join(server, account, LOBBY);
  const listener = await Listener.open(server, account, `/ws/chat/${LOBBY}`);
  await listener.event('ready', 'ready');

  const send = (clientId) => listener.say('x'.repeat(4_000), clientId);

  assert.equal((await send('with-room')).type, 'message');
  disk.fill();
  // Pages that the database already has may take a few more.
  let n = 0;
  let answer;
  do {
    n += 1;
    answer = await send(`without-room-${n}`);
  } while (answer.type === 'message' && n < 200);
  assert.equal(answer.type, 'refused');
  assert.equal(answer.reason, 'not_stored');
  assert.match(answer.text, /room|disk/i);

  const registered = await postForm(server, 'plain', '/register', { name: 'no-room', password: 'a password without room' });
  assert.equal(registered.status, 503);
  assert.match(registered.body, /there is no room left on the server(&#39;|')s disk/);
  assert.equal((await fetchFrom(server, 'plain', '/login')).status, 200, 'pages are still served');

  disk.makeRoom();
  assert.equal((await send(`without-room-${n}`)).type, 'message', 'the very same message is stored now');
  await register(server, 'plain', 'no-room');
  listener.close();

  const again = await Listener.open(server, account, `/ws/chat/${LOBBY}`);
  const { messages } = await again.event('history', 'history');
  const copies = messages.filter(({ client_id: clientId }) => clientId === `without-room-${n}`);
  assert.equal(copies.length, 1, 'once');
  again.close();
});

test('a server is not started on a full disk, which is named, and starts once there is room', async (t) => {
  const folder = makeFolder();
  const disk = SmallDisk.mount(t, path.join(folder, 'data'));
  if (!disk) return;
  const server = await Server.start({ folder });
  t.after(() => server.end());
  assert.equal(await server.stop(), 0);
  disk.fill();
  const refused = await runProgram(['--port', '0'], { cwd: folder });
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /no room left on the disk for data\/users\.sqlite3: free some space/);
  disk.makeRoom();
  await server.start();
});
