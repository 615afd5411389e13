// A well-behaved client beside the attack, in a process of its own, so that nothing but the server can make it wait: it asks for a page
// again and again on one connection, two of its people talk in the lobby, and one of them logs in anew every second.
// Started by `Bystander` (report.mjs); comes from an address of its own.

import { TEXT, frame, listen, open } from './frames.mjs';
import { Client, form, get, register } from './requests.mjs';

const FROM = { from: '127.0.0.2' };
const PAGE_EVERY_MS = 10;
/** Ten a second are allowed; a stall of two seconds must not make more of them. */
const WORD_EVERY_MS = 200;
const LOG_IN_EVERY_MS = 1000;
const PASSWORD = 'not a secret at all';

const server = { ports: JSON.parse(process.argv[2]) };
const name = `bystander-${process.pid}`;
let waits = { page: [], word: [], login: [], faults: [] };

const speaker = await register(server, 'plain', name, { password: PASSWORD, ...FROM });
const hearer = await register(server, 'plain', `${name}-2`, FROM);

/** Does something again and again, in a fixed step however long it takes. */
function every(ms, act) {
  setInterval(() => act().catch((error) => waits.faults.push(error.message)), ms);
}

let asking = false;
const page = await Client.to(server, 'plain', FROM);
every(PAGE_EVERY_MS, async () => {
  if (asking) return;
  asking = true;
  const at = performance.now();
  const answer = await page.ask(get('/login'));
  waits.page.push(performance.now() - at);
  if (answer?.status !== 200) throw new Error(`a page got ${answer?.status ?? 'no answer'}`);
  asking = false;
});

const said = new Map();
const speaking = await open(server, 'plain', '/ws/chat/1', speaker, FROM);
const hearing = await open(server, 'plain', '/ws/chat/1', hearer, FROM);
listen(speaking);
listen(hearing, ({ opcode, payload }) => {
  if (opcode !== TEXT) return;
  for (const [, word] of payload.toString().matchAll(/"content":"(word-\d+)"/g)) {
    if (!said.has(word)) continue;
    waits.word.push(performance.now() - said.get(word));
    said.delete(word);
  }
});
for (const { socket } of [speaking, hearing]) socket.on('close', () => waits.faults.push('a chat connection was closed'));
let words = 0;
every(WORD_EVERY_MS, async () => {
  words += 1;
  said.set(`word-${words}`, performance.now());
  speaking.socket.write(frame(TEXT, JSON.stringify({ type: 'send', content: `word-${words}`, client_id: `${name}-${words}` })));
});

if (!process.argv.includes('--no-log-in')) every(LOG_IN_EVERY_MS, async () => {
  const at = performance.now();
  const client = await Client.to(server, 'plain', FROM);
  const answer = await client.ask(form('/login', { name, password: PASSWORD }));
  waits.login.push(performance.now() - at);
  client.close();
  if (answer?.status !== 303) throw new Error(`a log-in got ${answer?.status ?? 'no answer'}`);
});

process.on('message', (word) => {
  if (word === 'begin') waits = { page: [], word: [], login: [], faults: [] };
  if (word === 'end') {
    const missing = [...said.values()].map((at) => performance.now() - at).filter((late) => late > 1000);
    process.send({ ...waits, word: [...waits.word, ...missing] });
  }
});
process.on('disconnect', () => process.exit(0));
process.send('ready');
