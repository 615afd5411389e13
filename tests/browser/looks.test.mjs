// How every page and state looks to axe, to someone without a mouse, on a phone and on a projector.
// Pictures go to tests/output/pictures: axe sees contrast and names, only people see what is ugly.

import assert from 'node:assert/strict';
import { SIZES, mustBeAccessible } from './accessible.mjs';
import { picture, scene } from './scene.mjs';

for (const [size, profile] of Object.entries(SIZES)) {
  scene(`every page and state passes axe on a ${size}, light and dark`, { ana: profile, ben: {} }, async ({ ana, ben, server, transport }) => {
    ana.scheme = transport.scheme;
    const check = (state) => mustBeAccessible(ana.page, `${state}, ${size}`, (colours) => picture(ana, `${state}-${size}-${colours}-${ana.scheme}`));
    const { page, url } = ana;

    for (const state of ['login', 'register']) {
      await page.goto(`${url}/${state}`);
      await check(state);
    }
    await ana.logIn('not the password');
    await page.getByRole('alert').filter({ hasText: /\w/ }).waitFor();
    await check('login-refused');
    await ana.badge.click();
    await check('badge-open');
    await page.goto(`${url}/no-such-page`);
    await check('error-404');

    await ben.settle();
    await ben.createGroup('Exercise 1: find the password in the capture, with a long name');
    await ben.openGroup('lobby');
    await ana.settle();
    await check('chat-empty');
    await ben.tell('Hello! https://example.org/a/very/long/address/that/has/no/blank/to/break/at/and/goes/on/and/on/and/on?and=on');
    await ben.tell('<script>alert("text")</script>');
    await ben.tell('to be edited');
    await ben.edit('to be edited', 'was edited\nand has two lines');
    await ben.tell('to be deleted');
    await ben.remove('to be deleted');
    await ana.sees('was edited');
    await ana.tell('What a day.');
    await ana.tell(`A long one. ${'It goes on and on. '.repeat(20)}`);
    // Longer than the pause that the server makes between two notices of one person.
    await ben.composer.pressSequentially('Let me think', { delay: 200 });
    await page.getByText(/ben is typing/).waitFor();
    await check('chat');

    await ana.message('What a day.').hover();
    await ana.message('What a day.').getByRole('button', { name: 'Edit your message' }).click();
    await check('chat-editing');
    await page.keyboard.press('Escape');
    await ana.message('What a day.').hover();
    await ana.message('What a day.').getByRole('button', { name: 'Delete your message' }).click();
    await check('chat-delete-dialog');
    await page.keyboard.press('Escape');

    if (size === 'phone') {
      for (const panel of ['Groups', 'People']) {
        await page.getByRole('button', { name: panel, exact: true }).click();
        await check(`chat-${panel.toLowerCase()}-open`);
        await page.keyboard.press('Escape');
      }
    }
    await ana.badge.click();
    await check('chat-badge-open');
    await ana.badge.click();

    await page.goto(`${url}/account`);
    await check('account');
    await ana.visitGroup(/^Exercise 1/);
    await check('join');

    await page.goto(`${url}/chat/1`);
    await ana.connected();
    await server.kill();
    await ana.notConnected();
    await ana.say('waits for the server');
    await ana.waiting.getByText('waits for the server').waitFor();
    await check('chat-offline');
  });
}

scene('the badge names the transport of this very connection, and explains it', { ana: {} }, async ({ ana, transport }) => {
  const expected = transport.scheme === 'HTTP'
    ? /HTTP: readable by anyone on the way/
    : /TLS 1\.3 · *TLS_(AES_128_GCM_SHA256|AES_256_GCM_SHA384|CHACHA20_POLY1305_SHA256) · *X25519(MLKEM768)?/;
  const explanation = transport.scheme === 'HTTP' ? /password/ : /certificate/;
  const mustSayIt = async () => {
    assert.match(await ana.badge.innerText(), expected);
    await ana.badge.click();
    assert.match(await ana.page.getByRole('banner').innerText(), explanation);
    await ana.badge.click();
  };
  for (const target of ['/login', '/register', '/no-such-page']) {
    await ana.page.goto(ana.url + target);
    await mustSayIt();
  }
  await ana.settle();
  await mustSayIt();
  await ana.page.goto(`${ana.url}/account`);
  await mustSayIt();
});

/** Presses Tab until `locator` has the focus. */
async function tabTo(person, locator, what) {
  for (let presses = 0; presses < 60; presses += 1) {
    if (await locator.evaluateAll((elements) => elements.includes(document.activeElement))) return;
    await person.page.keyboard.press('Tab');
  }
  throw new Error(`Tab never came to ${what}`);
}

scene('someone without a mouse registers, talks, edits, deletes, makes a group and logs out', { ana: {} }, async ({ ana }) => {
  const { page } = ana;
  const { keyboard } = page;
  await page.goto(`${ana.url}/register`);
  await tabTo(ana, page.getByLabel('Name', { exact: true }), 'the name');
  await keyboard.type(ana.name);
  await keyboard.press('Tab');
  await keyboard.type(ana.password);
  await keyboard.press('Enter');
  await ana.atTheChat();
  await ana.keepSecrets();
  await tabTo(ana, ana.group('lobby'), 'the lobby');
  await keyboard.press('Enter');
  await ana.connected();

  await tabTo(ana, ana.composer, 'the message field');
  await keyboard.type('typed');
  await keyboard.press('Shift+Enter');
  await keyboard.type('by hand');
  await keyboard.press('Enter');
  await ana.sees('by hand');
  assert(await ana.composer.evaluate((element) => element === document.activeElement), 'the field keeps the focus after sending');

  await keyboard.press('ArrowUp');
  await page.getByRole('textbox', { name: 'Edit your message' }).waitFor();
  await keyboard.press('Control+A');
  await keyboard.type('changed by hand');
  await keyboard.press('Enter');
  await ana.message('changed by hand').getByText('edited', { exact: true }).waitFor();

  await page.reload();
  await ana.connected();
  await tabTo(ana, page.getByRole('button', { name: 'Delete your message' }), 'the delete button');
  await keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Delete this message?' });
  await dialog.waitFor();
  await tabTo(ana, dialog.getByRole('button', { name: 'Delete' }), 'the button in the dialog');
  await keyboard.press('Enter');
  await ana.message('changed by hand').waitFor({ state: 'detached' });

  await tabTo(ana, page.getByLabel('New group'), 'the new group');
  await keyboard.type('By hand');
  await keyboard.press('Enter');
  await ana.inGroup('By hand');

  await tabTo(ana, page.getByRole('button', { name: 'Log out' }), 'log out');
  await keyboard.press('Enter');
  await ana.arrivesAt(/\/login/);
});

scene('the keyboard shows where it is: whatever has the focus has an outline or changes its look', { ana: {} }, async ({ ana }) => {
  await ana.settle();
  await ana.tell('something');
  const { page } = ana;
  const bare = [];
  for (let presses = 0; presses < 25; presses += 1) {
    await page.keyboard.press('Tab');
    const name = await page.evaluate(() => {
      const element = document.activeElement;
      if (!element || element === document.body) return null;
      const look = (target) => { const { outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor } = getComputedStyle(target); return [outlineStyle, outlineWidth, boxShadow, borderColor, backgroundColor].join(); };
      const ancestors = [element, element.parentElement, element.closest('form')].filter(Boolean);
      const focused = ancestors.map(look);
      element.blur();
      const changed = ancestors.some((target, index) => look(target) !== focused[index]);
      element.focus();
      return changed ? null : element.outerHTML.slice(0, 120);
    });
    if (name) bare.push(name);
  }
  assert.deepEqual(bare, []);
});
