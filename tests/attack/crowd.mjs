// Many idle WebSockets in a process of its own: it opens them, answers pings, and says how many are still open.
// Started by soak.mjs, which sends `{ ports, sockets: [[side, target, cookie], …] }`, then `'count'`, then `'leave'`.

import { CLOSE, listen, open } from './frames.mjs';

/** So many handshakes are under way at a time: TLS costs both sides a millisecond each. */
const LANES = 16;

let openCount = 0;
const closes = {};
const all = [];

async function join({ ports, sockets, from }) {
  const server = { ports };
  let next = 0;
  await Promise.all(Array.from({ length: LANES }, async () => {
    while (next < sockets.length) {
      const [side, target, cookie] = sockets[next];
      next += 1;
      const opened = await open(server, side, target, cookie, { from });
      openCount += 1;
      all.push(opened.socket);
      opened.socket.on('error', () => {});
      opened.socket.on('close', () => { openCount -= 1; });
      listen(opened, ({ opcode, payload }) => {
        if (opcode === CLOSE) closes[payload.readUInt16BE(0)] = (closes[payload.readUInt16BE(0)] ?? 0) + 1;
      });
    }
  }));
}

process.on('message', async (word) => {
  try {
    if (word.sockets) await join(word);
    if (word === 'leave') {
      await Promise.all(all.map((socket) => new Promise((resolve) => {
        socket.on('close', resolve);
        socket.destroy();
        if (socket.destroyed && socket.closed) resolve();
      })));
    }
    process.send({ open: openCount, closes });
  } catch (error) {
    process.send({ failure: error.message });
  }
});
process.on('disconnect', () => process.exit(0));
