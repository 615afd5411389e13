// The server dies and comes back: nothing said is lost or doubled, and the page says in which state it is.

import assert from 'node:assert/strict';
import { until } from '../deadline.mjs';
import { mustRead, scene } from './scene.mjs';

scene('killed and restarted, the server has everybody back, with nothing lost and nothing doubled', { ana: {}, ben: {} }, async ({ ana, ben, server }) => {
  await ana.settle();
  await ben.settle();
  await ana.tell('before');
  await ben.sees('before');
  await server.kill();
  await ana.notConnected();
  await ben.notConnected();
  await ana.say('said while it was down, first');
  await ana.say('said while it was down, second');
  await ben.say('so did I');
  await mustRead(ana.texts, ['before'], 'nothing counts as said yet');
  await ana.waiting.getByText('said while it was down, second').waitFor();
  await server.start();
  await ana.connected();
  await ben.connected();
  for (const person of [ana, ben]) {
    for (const text of ['said while it was down, first', 'said while it was down, second', 'so did I']) await person.sees(text);
  }
  const seen = await ana.texts.allInnerTexts();
  assert.deepEqual([...seen].sort(), ['before', 'said while it was down, first', 'said while it was down, second', 'so did I'].sort());
  assert(seen.indexOf('said while it was down, first') < seen.indexOf('said while it was down, second'), 'in the order of writing');
  await mustRead(ben.texts, seen, 'both see the same');
  assert.equal(await ana.waiting.getByRole('listitem').count(), 0, 'nothing waits any more');
  await ben.tell('and on we go');
  await ana.sees('and on we go');
});

scene('what waits to be sent survives a reload of the page', { ana: {}, ben: {} }, async ({ ana, ben, server }) => {
  await ana.settle();
  await ben.settle();
  await server.kill();
  await ana.notConnected();
  await ana.say('do not forget me');
  await ana.waiting.getByText('do not forget me').waitFor();
  const { page } = ana;
  const address = page.url();
  // A reload in vain, as an impatient person does: the browser shows its own error page.
  await assert.rejects(page.reload(), /ERR_CONNECTION_REFUSED/);
  await server.start();
  // The error page tries again by itself, and the two attempts may meet.
  await until('the page is back', () => page.goto(address).then(() => true, () => false));
  await ben.sees('do not forget me');
  await ana.connected();
  await ana.sees('do not forget me');
  await mustRead(ben.texts, ['do not forget me'], 'once');
});

scene('a server that stops in an orderly way is come back to as well', { ana: {}, ben: {} }, async ({ ana, ben, server }) => {
  await ana.settle();
  await ben.settle();
  await ana.tell('before');
  assert.equal(await server.stop(), 0);
  await ana.notConnected();
  await ben.notConnected();
  await server.start();
  await ana.connected();
  await ben.connected();
  await ben.tell('after');
  await ana.sees('after');
  await mustRead(ana.texts, ['before', 'after'], 'what ana sees');
  await ana.here('ben').waitFor();
});

scene('the page says that there is no connection, and when there is one again', { ana: {} }, async ({ ana, server }) => {
  await ana.settle();
  const shown = ana.page.locator('#connection-text');
  const connected = await shown.innerText();
  await server.kill();
  await ana.notConnected();
  assert.notEqual(await shown.innerText(), connected);
  assert.match(await ana.connection.innerText(), /offline/i);
  await server.start();
  await ana.connected();
  assert.equal(await shown.innerText(), connected);
});

scene('a group made, and an edit and a deletion done, while one was away are there on return', { ana: {}, ben: { cable: true } }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  await ana.tell('to be edited');
  await ana.tell('to be deleted');
  await ben.sees('to be deleted');
  ben.cable.pull();
  await ben.notConnected();
  await ana.edit('to be edited', 'was edited');
  await ana.sees('was edited');
  await ana.remove('to be deleted');
  await ana.message('to be deleted').waitFor({ state: 'detached' });
  await ana.tell('and one more');
  await ana.createGroup('made meanwhile');
  ben.cable.plugIn();
  await ben.connected();
  await ben.sees('was edited');
  await ben.sees('and one more');
  await ben.group('made meanwhile').waitFor();
  await ben.message('to be deleted').waitFor({ state: 'detached' });
  assert.equal(await ben.message('to be edited').count(), 0);
});
