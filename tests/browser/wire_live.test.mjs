// The live view and its server: what stays and what goes when the line, the server or the timeline begins anew; searches that are
// under way; what the keyboard's focus and a selection survive.

import assert from 'node:assert/strict';
import { until } from '../deadline.mjs';
import { SIZES } from './accessible.mjs';
import { live } from './wire_live_page.mjs';
import { recording } from './wire_recording.mjs';

const FIRST = 'message number 9';

/** A frame that crosses now, as the item that stands for it. */
function frame(number, text) {
  return { number, from: 'server', kind: 'frame', begun: 99_000_000 + number, ended: 99_000_000 + number, len: 2 + text.length, title: text, wire: [900_000 + number, 900_010 + number] };
}

const itemTitle = (wire) => wire.page.locator('.item-title').innerText();
const focused = (locator) => locator.evaluate((element) => element === document.activeElement);

live('a line that was lost goes on where it was, with what was open', async (wire, server) => {
  await wire.show('POST /login');
  const title = await itemTitle(wire);
  const { items } = server.recordings.get(12);
  await server.hang();
  server.record(12, { ...server.recordings.get(12), items: [...items, frame(items.length, 'said while the line was down')] });
  await until('one more', async () => await wire.count.innerText() === `${items.length + 1} items`);
  assert.equal(await itemTitle(wire), title);
  assert(await wire.explanation.isVisible());
  assert.match(wire.page.url(), /\/wire\/12\?item=\d+$/);
});

live('a server that was started anew has other connections by the old numbers, so none of them is shown', async (wire, server) => {
  await wire.show('POST /login');
  await server.hang();
  server.run = 'second';
  server.record(12, recording({ frames: 3 }));
  await wire.page.getByText('The server was started anew').waitFor();
  assert.equal(await wire.rows.count(), 0);
  assert(!await wire.explanation.isVisible());
  assert.equal(new URL(wire.page.url()).pathname, '/wire');
  await wire.connection(12).click();
  await until('the other connection 12', async () => /^[123]\d items/.test(await wire.count.innerText()));
});

live('a connection that is not there any more leaves nothing of itself behind', async (wire, server) => {
  await wire.show('POST /login');
  await server.hang();
  server.recordings.delete(12);
  await wire.page.getByText('Connection 12 is not here').waitFor();
  assert.equal(await wire.rows.count(), 0);
  assert(!await wire.explanation.isVisible());
  assert.equal(await wire.page.locator('.facts *').count(), 0);
});

live('a filter that stands is searched anew on another connection, and finds nothing of the first', async (wire, server) => {
  server.record(13, recording({ frames: 3 }));
  server.tellConnections();
  await wire.mustPass(FIRST, 2);
  await wire.connection(13).click();
  await until('another search', () => server.wishes.at(-1).type === 'find');
  await until('nothing of it', async () => /^0 rows of \d+ items$/.test(await wire.count.innerText()));
});

live('what crosses while a filter stands is searched too', async (wire, server) => {
  const { items } = server.recordings.get(12);
  await wire.mustPass('inside alone', 0);
  let asked = 0;
  server.answers.find = ({ question }) => {
    asked += 1;
    return [{ type: 'found', connection: 12, question, wire: [], inside: [items.length], more: false }];
  };
  for (let count = 0; count < 20; count += 1) server.tellItems(12, [frame(items.length + count, `a long text ${count}`)]);
  await wire.row('a long text 0').waitFor();
  assert(asked <= 3, `${asked} searches for one burst`);
});

live('an answer to what was written before is none', async (wire, server) => {
  const waiting = [];
  server.answers.find = (wish) => {
    waiting.push(wish);
    return [];
  };
  await wire.filter.fill('foo');
  await until('the first question', () => waiting.length === 1);
  await wire.filter.fill('foobar');
  await until('the second question', () => waiting.length === 2);
  assert.equal(await wire.count.innerText(), 'searching…');
  assert(!await wire.page.getByText('Nothing passes the filter').isVisible(), 'nobody has looked yet');
  const found = (wish, inside) => server.tell({ type: 'found', connection: 12, question: wish.question, wire: [], inside, more: false });
  found(waiting[0], [3, 5]);
  found(waiting[1], [7]);
  await until('the one that was found', async () => await wire.count.innerText() === `1 row of ${server.recordings.get(12).items.length} items`);

  found(waiting[1], [3, 5, 7]);
  await wire.filter.fill('0x1');
  assert.match(await wire.count.innerText(), /two digits/);
  found(waiting[1], [3, 5, 7]);
  assert.equal(await wire.rows.count(), 0, 'nothing passes beneath a complaint');
});

live('a search that the line did not carry is made again', async (wire, server) => {
  await wire.rows.first().waitFor();
  await server.hang();
  await wire.filter.fill(FIRST);
  await wire.page.locator('.live-state[data-state="open"]').waitFor();
  await wire.page.locator('.timeline[data-searching="false"]').waitFor();
  assert.match(await wire.count.innerText(), /^2 rows/);
});

live('of what is found too often only the first are shown, and that is said', async (wire, server) => {
  const { items } = server.recordings.get(12);
  server.answers.find = ({ question }) => [{ type: 'found', connection: 12, question, wire: [], inside: items.slice(20, 30).map(({ number }) => number), more: true }];
  await wire.filter.fill('zzz');
  await until('how many', async () => /^the first \d+ rows of/.test(await wire.count.innerText()));
});

live('a timeline that begins anew with other numbers says why, and shows nothing else in the place of what was open', async (wire, server) => {
  await wire.show('POST /login');
  const { items } = server.recordings.get(12);
  const renumbered = items.slice(3).map((item) => ({ ...item, number: item.number - 3, related: item.related?.map((number) => number - 3) }));
  server.tellItems(12, renumbered, { all: true, why: 'The timeline begins anew: the middle of this long connection was let go.' });
  await wire.page.getByText('The timeline begins anew').waitFor();
  await wire.explanation.waitFor({ state: 'hidden' });
  assert.equal(new URL(wire.page.url()).search, '');
  assert.equal(await wire.page.locator('.lane-row.opened').count(), 0);
});

live('a refusal stands alone, and goes with the next thing that is opened', async (wire, server) => {
  await wire.show('POST /login');
  server.answers.show = ({ item }) => [{ type: 'refused', connection: 12, item, text: 'The bytes of this are not here.' }];
  await wire.row('ClientHello').locator('.letter').click();
  await wire.page.getByText('The bytes of this are not here.').waitFor();
  assert(!await wire.explanation.isVisible(), 'not beside the bytes of something else');
  delete server.answers.show;
  await wire.row('ServerHello').locator('.letter').click();
  await wire.explanation.waitFor();
  assert.equal(await wire.notices.count(), 0);
});

live('news of the whole touches neither focus nor selection nor what is the same', async (wire, server) => {
  const { lessons, summary, proof } = server.recordings.get(12);
  const button = wire.page.getByRole('button', { name: 'Show where' }).first();
  await button.focus();
  await wire.page.evaluate(() => {
    getSelection().selectAllChildren(document.querySelector('.lesson-value'));
    globalThis.changes = [];
    const watch = (selector) => new MutationObserver((records) => globalThis.changes.push(...records.map(() => selector)))
      .observe(document.querySelector(selector), { childList: true, characterData: true, subtree: true });
    ['.proof', '.search-status', '.facts'].forEach(watch);
  });
  const times = { ...lessons.at(-1), value: 'another question and its answer, 90 ms apart' };
  server.tell({ type: 'lessons', connection: 12, lessons: [...lessons.slice(0, -1), times, { what: 'amount', value: '12 bytes', how: 'They can be counted.' }] });
  server.tell({ type: 'summary', connection: 12, summary, proof });
  await wire.page.getByText('90 ms apart').waitFor();
  assert(await focused(button));
  assert.equal(await wire.page.evaluate(() => getSelection().toString()), '127.0.0.1:50312 and 127.0.0.1:8443');
  assert.deepEqual(await wire.page.evaluate(() => globalThis.changes), []);
});

live('on a phone the focus goes along from part to part, and back', async (wire) => {
  const { keyboard } = wire.page;
  await wire.connection(12).focus();
  await keyboard.press('Enter');
  const name = wire.page.getByRole('heading', { name: 'Connection 12' });
  await name.and(wire.page.locator(':focus')).waitFor();
  await wire.timeline.focus();
  await keyboard.press('Home');
  await keyboard.press('Enter');
  await wire.page.locator('.item :focus').waitFor();
  await keyboard.press('Escape');
  await wire.timeline.and(wire.page.locator(':focus')).waitFor();
  await wire.page.goBack();
  await wire.page.getByRole('list', { name: 'Connections' }).and(wire.page.locator(':focus')).waitFor();
}, { address: '/wire', profile: SIZES.phone });

live('where nothing is chosen the page says so', async (wire) => {
  await wire.page.getByText('Choose a connection').waitFor();
  assert(!await wire.page.getByText('Nothing has crossed yet').isVisible());
}, { address: '/wire' });

live('two connections are compared that did the same, and stay while somebody looks at them', async (wire, server) => {
  const recorded = server.recordings.get(12);
  const add = (first, carried) => {
    server.record(first, recorded, { tls: false, carried });
    server.record(first + 1, recorded, { tls: true, carried });
    server.tellConnections();
  };
  const chosen = () => wire.page.locator('.view-name').allInnerTexts();
  const options = () => wire.page.getByLabel('In clear').locator('option').allInnerTexts();
  add(13, 'POST /register');
  await until('the pair', async () => (await chosen()).join() === 'Connection 13,Connection 14');
  // Styles and scripts alone tell nothing.
  add(15, '2 files');
  await until('another choice', async () => (await options()).length === 2);
  assert.deepEqual(await chosen(), ['Connection 13', 'Connection 14']);
  add(17, 'POST /login');
  await until('the newer pair', async () => (await chosen()).join() === 'Connection 17,Connection 18');
  await wire.page.locator('#compare-tls .lane-row').first().click();
  await wire.page.locator('#compare-tls .item').waitFor();
  add(19, 'POST /login');
  await until('yet another choice', async () => (await options()).length === 4);
  assert.deepEqual(await chosen(), ['Connection 17', 'Connection 18']);
  assert(await wire.page.locator('#compare-tls .item').isVisible());
  assert.deepEqual(await wire.page.locator('select').evaluateAll((selects) => selects.map(({ value }) => value)), ['17', '18']);
}, { address: '/wire/compare', profile: SIZES.projector });

live('ten thousand items in pieces are drawn a few times, not once a piece', async (wire, server) => {
  await wire.rows.first().waitFor();
  await wire.page.evaluate(() => {
    globalThis.drawn = 0;
    new MutationObserver((records) => { globalThis.drawn += records.length; })
      .observe(document.querySelector('.lanes .virtual-rows'), { attributes: true, attributeFilter: ['style'] });
  });
  const items = Array.from({ length: 10_500 }, (_, number) => frame(number, `frame ${number}`));
  for (let from = 0; from < items.length; from += 500) {
    server.tellItems(12, items.slice(from, from + 500), { all: from === 0, more: from + 500 < items.length });
  }
  await until('all of them', async () => await wire.count.innerText() === '10,500 items');
  const drawn = await wire.page.evaluate(() => globalThis.drawn);
  assert(drawn <= 3, `drawn ${drawn} times`);
});
