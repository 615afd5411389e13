// The student's path: from a message to its own bytes, as Eve and as the server; live, on paper, and both transports side by side.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { until } from '../deadline.mjs';
import { Server, makeFolder } from '../server.mjs';
import { SIZES, mustBeAccessible } from './accessible.mjs';
import { launchChromium } from './chromium.mjs';
import { Person } from './person.mjs';
import { picture, scene } from './scene.mjs';

const PIN = 'my PIN is 4711';

const rows = (page) => page.getByRole('listbox', { name: /^Timeline/ }).getByRole('option');
const filter = (page) => page.getByRole('searchbox');
const count = (page) => page.locator('.count').innerText();
const connections = (page) => page.getByRole('navigation', { name: 'Connections' });

/** Follows the link beside a message; gives the page it opens. */
async function followToWire(person, text) {
  await person.message(text).hover();
  const [page] = await Promise.all([
    person.context.waitForEvent('page'),
    person.message(text).getByRole('link', { name: 'See this message on the wire' }).click(),
  ]);
  await page.getByRole('region', { name: 'One item' }).waitFor();
  return page;
}

/** Filters, waits until the bytes were searched, and holds that to exactly so many rows. */
async function mustPass(page, text, wanted) {
  await filter(page).fill(text);
  await page.locator('.timeline[data-searching="false"]').waitFor();
  await until(`${wanted} pass “${text}”`, async () => new RegExp(`^${wanted} rows? of`).test(await count(page)))
    .catch(async (error) => { throw new Error(`${error.message}; it says ${await count(page)}`); });
}

scene('a message leads to its own bytes, and Eve reads them only over HTTP', { ana: {}, ben: {} }, async ({ ana, ben, transport }) => {
  await ana.settle();
  await ben.settle();
  await ana.tell(PIN);
  await ben.sees(PIN);
  const isTls = transport.mode === 'tls';
  for (const [person, type] of [[ana, 'send'], [ben, 'message']]) {
    const page = await followToWire(person, PIN);
    assert.match(page.url(), /\/wire\/\d+\?item=\d+$/);
    assert.match(await page.locator('.item-title').innerText(), new RegExp(`^Text \\{"type":"${type}"`));
    const explanation = page.getByRole('region', { name: 'What this is' });
    await explanation.getByText(PIN).waitFor();
    assert.equal(await page.getByRole('region', { name: 'Inside' }).count(), isTls ? 1 : 0);
    if (isTls) assert.match(await explanation.innerText(), /crossed the network as the \d+ encrypted bytes/);
    await picture({ page }, `wire-message-${type}-${transport.mode}`);

    await page.getByRole('radio', { name: 'As Eve' }).check();
    // It came as news, and from its author's page it went: what is masked is no secret, the key stands beside it.
    await mustPass(page, PIN, isTls ? 0 : (person === ana ? 2 : 1));
    await page.getByRole('radio', { name: 'As the server' }).check();
    await mustPass(page, PIN, person === ana ? 2 : 1);
    await page.reload();
    await page.getByRole('region', { name: 'One item' }).waitFor();
    assert.match(await page.locator('.item-title').innerText(), new RegExp(`"${type}"`), 'the address names the item');
  }
});

scene('Eve finds what was said to its last word, but only where she can read it', { ana: {} }, async ({ ana, transport }) => {
  await ana.settle();
  // Longer than any title: found in the bytes, which are masked, or not at all.
  const long = `${'so '.repeat(66)}the treasure is at the end`;
  await ana.tell(long);
  const page = await followToWire(ana, 'the treasure is at the end');
  const whole = '"the treasure is at the end"';
  await page.getByRole('radio', { name: 'As the server' }).check();
  await mustPass(page, whole, 2);
  await page.getByRole('radio', { name: 'As Eve' }).check();
  await mustPass(page, whole, transport.mode === 'tls' ? 0 : 2);
  // Without quotation marks “end” is a kind of item.
  await mustPass(page, 'the treasure is at the end', 0);
});

scene('the password crosses in the log-in, marked, and Eve reads it only over HTTP', { ana: {} }, async ({ ana, transport }) => {
  await ana.settle();
  const { page } = ana;
  await page.getByRole('link', { name: 'The wire' }).click();
  await connections(page).getByRole('link', { name: /POST \/register/ }).first().click();
  await filter(page).fill('request secret client');
  await rows(page).filter({ hasText: 'POST /register' }).locator('.letter').click();
  const explanation = page.getByRole('region', { name: 'What this is' });
  await explanation.getByText(ana.password, { exact: true }).waitFor();
  assert.match(await explanation.innerText(), /A thief would want this/);
  // In the form it stands with + for its spaces.
  await mustPass(page, `request ${ana.password}`, 1);
  await page.getByRole('radio', { name: 'As Eve' }).check();
  await mustPass(page, ana.password, transport.mode === 'tls' ? 0 : 1);
  await mustPass(page, 'password=', transport.mode === 'tls' ? 0 : 1);
  await page.getByRole('button', { name: 'What Eve learns' }).click();
  const learned = page.getByRole('region', { name: 'The connection as a whole' });
  await learned.getByRole('heading', { name: /What Eve learns \([1-9]/ }).waitFor();
  if (transport.mode === 'tls') {
    await learned.getByText('server name', { exact: true }).waitFor();
    await learned.getByText(/^Checked: what is decrypted here is, byte for byte/).waitFor();
  }
});

scene('what happens appears while one looks, and connections come and go', { ana: {} }, async ({ ana }) => {
  await ana.settle();
  const page = await ana.context.newPage();
  await page.goto(`${ana.url}/wire`);
  await connections(page).getByRole('link', { name: /\/ws\/chat\/1, WebSocket/ }).click();
  await rows(page).first().waitFor();
  const before = Number.parseInt(await count(page), 10);
  await ana.tell('while you look');
  await until('more items', async () => Number.parseInt(await count(page), 10) > before);
  await mustPass(page, 'while you look', 2);

  const second = await ana.context.newPage();
  await second.goto(`${ana.url}/chat/1`);
  await ana.connected(second);
  const chats = connections(page).getByRole('link', { name: /\/ws\/chat\/1/ });
  await until('the second conversation', async () => await chats.count() === 2);
  assert.match(await chats.first().innerText(), /open$/);
  await second.close();
  await until('its end', async () => /1001/.test(await chats.first().innerText()));
});

scene('a connection is put on paper, and the file needs no server', { ana: {} }, async ({ ana, transport, browser }) => {
  await ana.settle();
  await ana.tell(PIN);
  const page = await followToWire(ana, PIN);
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'On paper' }).click()]);
  const file = path.join(makeFolder(), 'paper.html');
  await download.saveAs(file);
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
  try {
    const paper = await context.newPage();
    const asked = [];
    const complaints = [];
    paper.on('request', (request) => asked.push(request.url()));
    paper.on('pageerror', (error) => complaints.push(error.message));
    paper.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    await paper.goto(`file://${file}`);
    await mustPass(paper, PIN, 2);
    await rows(paper).first().locator('.letter').click();
    await paper.getByRole('region', { name: 'What this is' }).getByText(PIN).waitFor();
    await paper.getByRole('radio', { name: 'As Eve' }).check();
    await mustPass(paper, PIN, transport.mode === 'tls' ? 0 : 2);
    assert.deepEqual(asked.filter((url) => url !== `file://${file}` && !url.startsWith('data:')), []);
    assert.deepEqual(complaints, []);
    await mustBeAccessible(paper, 'paper');
  } finally {
    await context.close();
  }
});

for (const [size, profile] of Object.entries(SIZES)) {
  scene(`the live view passes axe on a ${size}`, { ana: profile }, async ({ ana, transport }) => {
    await ana.settle();
    await ana.tell(PIN);
    const { page } = ana;
    const check = (state) => mustBeAccessible(page, `${state}, ${size}`, (colours) => picture(ana, `wire-live-${state}-${size}-${colours}-${transport.mode}`));
    await page.goto(`${ana.url}/wire`);
    await connections(page).getByRole('link').first().waitFor();
    await check('list');
    await connections(page).getByRole('link', { name: /GET \/ws\/chat|POST \/register/ }).first().click();
    await rows(page).first().waitFor();
    await check('connection');
    await rows(page).first().locator('.letter').click();
    await page.getByRole('region', { name: 'One item' }).waitFor();
    await check('item');
    await page.goto(`${ana.url}/wire?message=999999`);
    await page.getByText(/Message 999999 is in none/).waitFor();
    await check('not-found');
  });
}

let browser;
after(() => browser?.close());

test('with both transports, the instructor compares what did the same', { timeout: 120_000 }, async () => {
  browser ??= await launchChromium();
  const server = await Server.start({ mode: 'both', args: ['--instructor'] });
  try {
    for (const [name, url] of [['ana', server.urls.plain], ['ben', server.urls.tls]]) {
      const person = await Person.arrive(browser, { ...server, urls: { both: url }, secrets: server.secrets }, name);
      await person.register();
      await person.connected();
      await person.context.close();
    }
    const key = /https?:\/\/\S+\/wire\?key=\S+/.exec(server.printed)[0];
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1600, height: 900 } });
    const page = await context.newPage();
    await page.goto(key);
    await page.goto(new URL('/wire/compare', key).href);
    for (const [label, words] of [['In clear', /POST \/register/], ['Over TLS', /Application Data/]]) {
      const chosen = page.getByLabel(label, { exact: true });
      const half = page.locator('.compare-one').filter({ has: chosen });
      const value = await until(`${label}: the registration`, async () => chosen.evaluate((select) => [...select.options].find(({ textContent }) => textContent.includes('POST /register'))?.value));
      await chosen.selectOption(value);
      await rows(half).filter({ hasText: words }).first().waitFor();
    }
    await picture({ page }, 'wire-compare');
    await mustBeAccessible(page, 'compare');
    await context.close();
  } finally {
    await server.end();
  }
});
