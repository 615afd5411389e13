// What overtakes what on its way between page and server: the page ends up with what is true all the same.
// The page's socket is led through the test here, which holds back, refuses or loses what it likes.

import assert from 'node:assert/strict';
import { Listener, LOBBY, say } from '../clients/chatter.mjs';
import { join, register } from '../clients/account.mjs';
import { until } from '../deadline.mjs';
import { mustRead, scene } from './scene.mjs';

/** A history has fifty messages: these are enough to push the first ones out of it. */
const MANY = 60;

/** Leads every conversation of `page` through `fromServer` and `fromPage`, which may pass an event on. */
function intercept(page, { fromServer = (event, pass) => pass(), fromPage = (event, pass) => pass() }) {
  return page.routeWebSocket(/\/ws\/chat\//, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((text) => fromServer(JSON.parse(text), () => socket.send(text), socket));
    socket.onMessage((text) => fromPage(JSON.parse(text), () => server.send(text), socket));
  });
}

/** Someone with a bare socket who says `texts` first, before many others speak; gives the socket and the messages' ids. */
async function firstWords(server, transport, texts) {
  const account = await register(server, transport, 'first-speaker');
  await join(server, account, LOBBY);
  const speaker = await Listener.open(server, account, `/ws/chat/${LOBBY}`);
  await speaker.event('ready', 'ready');
  const ids = [];
  for (const [n, content] of texts.entries()) {
    speaker.send({ type: 'send', content, client_id: `first-${n}` });
    const { message } = await speaker.event(`“${content}” is stored`, (event) => event.message?.client_id === `first-${n}`);
    ids.push(message.id);
  }
  await say(server, transport, LOBBY, Array.from({ length: MANY }, (_, n) => `filling ${n + 1}`));
  return { speaker, ids };
}

scene('an edit and a deletion that overtake the page of older messages they belong to are shown', { ben: {} }, async ({ ben, server, transport }) => {
  const { speaker, ids: [edited, deleted] } = await firstWords(server, transport.mode, ['a tpyo', 'a mistake', 'as it was']);
  const held = [];
  const passed = [];
  await intercept(ben.page, {
    fromServer(event, pass) {
      if (event.type === 'older') {
        held.push(pass);
        return;
      }
      passed.push(event.type);
      pass();
    },
  });
  await ben.settle();
  await ben.sees(`filling ${MANY}`);
  assert.equal(await ben.message('tpyo').count(), 0, 'the first words are not in the latest page');
  await ben.page.getByRole('region', { name: 'Messages' }).evaluate((region) => { region.scrollTop = 0; });
  await until('the server sent the older page', () => held.length > 0);
  speaker.send({ type: 'edit', message_id: edited, content: 'a typo' });
  speaker.send({ type: 'delete', message_id: deleted });
  await until('the changes overtook it', () => passed.includes('edited') && passed.includes('deleted'));
  held.forEach((pass) => pass());
  await ben.sees('as it was');
  await ben.message('a typo').getByText('edited', { exact: true }).waitFor();
  await mustRead(ben.texts.filter({ hasText: /tpyo|mistake/ }), [], 'what is no longer true');
  await ben.conversation.getByText('This message was deleted.').waitFor();
  speaker.close();
});

scene('a report of reading that is refused or lost goes out again', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  const reports = [];
  const fates = ['refused', 'lost'];
  await intercept(ben.page, {
    fromPage(event, pass, socket) {
      if (event.type !== 'read') {
        pass();
        return;
      }
      const fate = fates.shift();
      reports.push({ id: event.message_id, fate });
      if (fate === undefined) pass();
      if (fate === 'lost') socket.close({ code: 1001 });
      if (fate === 'refused') {
        const refusal = { type: 'refused', request: 'read', client_id: null, message_id: null, reason: 'too_fast', text: 'Too fast.', retry_after_ms: 20 };
        socket.send(JSON.stringify(refusal));
      }
    },
  });
  await ana.settle();
  await ben.settle();
  await ana.tell('read me');
  await until('the report gets through', () => reports.some(({ fate }) => fate === undefined));
  assert.deepEqual(reports.map(({ fate }) => fate).slice(0, 3), ['refused', 'lost', undefined]);
  assert.equal(new Set(reports.map(({ id }) => id)).size, 1, 'it is one and the same');
});
