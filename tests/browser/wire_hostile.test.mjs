// What people say and send can hold anything: the wire view shows it as text, live and on paper, and nothing of it becomes markup,
// script, or another order of the words around it.

import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import path from 'node:path';
import { makeFolder } from '../server.mjs';
import { scene, picture } from './scene.mjs';

/** Ends the element it stands in, begins a comment, a script and an image, and turns text around. */
const HOSTILE = '</script></textarea><!--<script>window.pwned=1</script><img class="hostile" src=x onerror="window.pwned=1">&lt;b&gt;\u2028\u2029{{name}}${1}';
const TURNING = '\u202etxt.drowssap\u202c \u2067abc\u2069 \u200f\u061cend';

/** Whatever puts text into another order. */
const REORDERS = '[\\u200e\\u200f\\u061c\\u202a-\\u202e\\u2066-\\u2069]';

/** A request with everything that can hold text, in the name of `person`. */
async function sendHostile(person) {
  const cookies = (await person.context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
  const { request } = person.url.startsWith('https') ? https : http;
  const hostile = encodeURIComponent(HOSTILE + TURNING);
  const content = `${encodeURIComponent(`<b>${TURNING}`)}=${hostile}&password=${hostile}`;
  await new Promise((resolve, reject) => {
    const asked = request(`${person.url}/login?${hostile}=<script>`, {
      method: 'POST',
      rejectUnauthorized: false,
      headers: {
        Cookie: `${cookies}; <img>=${encodeURIComponent(TURNING)}; x="</script>"`,
        'User-Agent': Buffer.from(HOSTILE + TURNING).toString('latin1').replaceAll(/[\0-\x1f\x7f]/g, ''),
        'X-Hostile': '</script><script>window.pwned=1</script>',
        'Content-Type': 'application/x-www-form-urlencoded',
        'Content-Length': content.length,
        Connection: 'close',
      },
    }, (answer) => answer.resume().on('end', resolve));
    asked.on('error', reject).end(content);
  });
}

/** Opens the rows that hold what is hostile, and goes through every field of theirs by the keyboard. */
async function lookAt(page, filter) {
  await page.getByRole('searchbox').fill(filter);
  const rows = page.getByRole('listbox', { name: /^Timeline/ }).getByRole('option');
  await rows.first().locator('.letter').click();
  await page.getByRole('region', { name: 'One item' }).waitFor();
  await mustKeepOrder(page);
  let hostile = 0;
  for (const tree of await page.getByRole('tree').all()) {
    if (!await tree.isVisible()) continue;
    await tree.focus();
    for (let [at, before] = [0, null]; at < 300; at += 1) {
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowDown');
      const now = await tree.getAttribute('aria-activedescendant');
      if (now === before) break;
      before = now;
      if (!/\\u\{202e\}txt\.drowssap/.test(await page.getByRole('region', { name: 'What this is' }).innerText())) continue;
      hostile += 1;
      await mustKeepOrder(page);
    }
  }
  return hostile;
}

/** Nothing on the page puts other text into another order than that of its bytes. */
async function mustKeepOrder(page) {
  const turning = await page.evaluate((reorders) => {
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (texts.nextNode()) {
      const { data, parentElement } = texts.currentNode;
      if (new RegExp(reorders).test(data) && !parentElement.closest('script')) found.push(`${parentElement.className}: ${JSON.stringify(data)}`);
    }
    return found;
  }, REORDERS);
  assert.deepEqual(turning, []);
}

async function mustBeText(page) {
  assert.equal(await page.evaluate(() => window.pwned), undefined);
  assert.equal(await page.locator('img, .hostile, main b, main script:not([type]):not([src]), iframe, object').count(), 0);
}

scene('what is hostile is shown as text, live and on paper', { ana: {} }, async ({ ana, transport, browser }) => {
  await ana.settle();
  await ana.tell(`${HOSTILE.replaceAll(/[\u2028\u2029]/g, '')} ${TURNING}`);
  await sendHostile(ana);
  const page = await ana.context.newPage();
  await page.goto(`${ana.url}/wire`);
  const links = page.getByRole('navigation', { name: 'Connections' }).getByRole('link');
  for (const [words, filter] of [[/POST \/login/, 'request POST /login'], [/\/ws\/chat\/1, WebSocket/, 'frame client hostile']]) {
    await links.filter({ hasText: words }).first().click();
    assert(await lookAt(page, filter) > 0, 'nothing hostile was seen');
    await mustBeText(page);
    await picture({ page }, `wire-hostile-${filter.replaceAll(/\W+/g, '-')}-${transport.mode}`);
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'On paper' }).click()]);
    const file = path.join(makeFolder(), 'paper.html');
    await download.saveAs(file);
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const paper = await context.newPage();
    const complaints = [];
    paper.on('pageerror', (error) => complaints.push(error.message));
    paper.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    await paper.goto(`file://${file}`);
    assert(await lookAt(paper, filter) > 0, 'nothing hostile was seen on paper');
    await mustBeText(paper);
    assert.deepEqual(complaints, []);
    await context.close();
  }
});
