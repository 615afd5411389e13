// Two people talk: what one says the other sees, as text, at once, in order, and as it is now.

import assert from 'node:assert/strict';
import { LOBBY, say } from '../clients/chatter.mjs';
import { until } from '../deadline.mjs';
import { mustRead, scene } from './scene.mjs';

scene('two people talk both ways and both see the same', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  await ana.tell('Hello Ben');
  await ben.sees('Hello Ben');
  await ben.tell('Hello Ana');
  await ana.sees('Hello Ana');
  await ana.tell('two\nlines');
  await ben.sees('lines');
  const said = ['Hello Ben', 'Hello Ana', 'two\nlines'];
  await mustRead(ana.texts, said, 'what ana sees');
  await mustRead(ben.texts, said, 'what ben sees');
  await ben.page.reload();
  await ben.connected();
  await mustRead(ben.texts, said, 'what ben sees after loading the page again');
});

scene('an edit and a deletion show on every screen, marked', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  await ana.tell('a tpyo');
  await ana.tell('a mistake');
  await ben.sees('a mistake');
  await ana.edit('a tpyo', 'a typo');
  for (const person of [ana, ben]) await person.message('a typo').getByText('edited', { exact: true }).waitFor();
  await ana.remove('a mistake');
  for (const person of [ana, ben]) {
    await person.message('a mistake').waitFor({ state: 'detached' });
    await person.conversation.getByText(/deleted/i).waitFor();
    assert.equal(await person.message('tpyo').count(), 0);
  }
  await ben.message('a typo').hover();
  assert.equal(await ben.page.getByRole('button', { name: 'Edit your message' }).filter({ visible: true }).count(), 0, 'nobody edits what another wrote');
});

const MARKUP = [
  '<script>document.title = "taken over"</script>',
  '<img src=x onerror="document.title = \'taken over\'">',
  '<a href="javascript:document.title=\'taken over\'">press</a> &lt;b&gt; &amp;',
  '{{name}} ${name} " \' ` </textarea></title>',
  '\u202Eright to left\u202C and \u0301\u0301\u0301 marks',
];

scene('markup in messages and group names is text, and nothing more', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  for (const text of MARKUP) await ana.tell(text);
  await ben.sees(MARKUP.at(-1));
  await mustRead(ben.texts, MARKUP, 'what ben sees');
  const group = '<img src=x onerror=alert(1)>"&lt;';
  await ana.createGroup(group);
  await ben.group(group).waitFor();
  await ben.openGroup(group);
  await ben.page.reload();
  await ben.inGroup(group);
  for (const { page } of [ana, ben]) {
    assert.doesNotMatch(await page.title(), /taken over/);
    assert.equal(await page.locator('img').count(), 0);
  }
});

scene('a new group stands on every open page without a reload', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  await ben.page.evaluate(() => { window.neverReloaded = true; });
  await ana.createGroup('Exercise 3');
  await ben.group('Exercise 3').waitFor();
  assert.equal(await ben.page.evaluate(() => window.neverReloaded), true);
  await ben.openGroup('Exercise 3');
  await ben.tell('found it');
  await ana.sees('found it');
});

scene('someone who writes is announced, until the message is there', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  await ana.composer.pressSequentially('Well');
  await ben.page.getByText(/ana is typing/).waitFor();
  await ana.composer.press('Enter');
  await ben.sees('Well');
  await ben.page.getByText(/ana is typing/).waitFor({ state: 'hidden' });
});

scene('what was said elsewhere is counted as unread, until it is read', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  await ana.createGroup('Elsewhere');
  await ben.openGroup('Elsewhere');
  await ben.openGroup('lobby');
  for (const text of ['one', 'two', 'three']) await ana.tell(text);
  await ben.group(/Elsewhere\s*3\s*unread/).waitFor();
  await ben.page.reload();
  await ben.group(/Elsewhere\s*3\s*unread/).waitFor();
  await ben.openGroup('Elsewhere');
  await ben.sees('three');
  await ben.group(/Elsewhere.*unread/).waitFor({ state: 'detached' });
  await ben.page.reload();
  await ben.connected();
  assert.equal(await ben.group(/unread/).count(), 0, 'read stays read');
});

scene('each reader sees the time of a message in the own zone', { ana: { timezoneId: 'Asia/Tokyo' }, ben: { timezoneId: 'America/St_Johns' } }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  await ana.tell('What time is it?');
  await ben.sees('What time is it?');
  const instants = new Set();
  for (const [person, timeZone] of [[ana, 'Asia/Tokyo'], [ben, 'America/St_Johns']]) {
    const time = person.message('What time is it?').locator('time');
    const instant = await time.getAttribute('datetime');
    instants.add(new Date(instant).getTime());
    const shown = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'medium' }).format(new Date(instant));
    assert.match(shown, /^\d\d:\d\d:\d\d$/);
    assert.equal(await time.innerText(), shown, timeZone);
  }
  assert.equal(instants.size, 1, 'it is one moment');
  const [instant] = instants;
  assert(Math.abs(instant - Date.now()) < 60_000, 'it is now');
});

scene('older messages come in when scrolling up, to the very first', { ben: {} }, async ({ ben, server, transport }) => {
  const count = 120;
  const numbered = Array.from({ length: count }, (_, n) => `message number ${String(n + 1).padStart(3, '0')}`);
  await say(server, transport.mode, LOBBY, numbered);
  await ben.settle();
  await ben.sees(`message number ${count}`);
  const before = await ben.texts.count();
  assert(before < count, `a page comes with the latest ones, not with all ${before}`);
  await until('the first message comes in', async () => {
    await ben.page.getByRole('region', { name: 'Messages' }).hover();
    await ben.page.mouse.wheel(0, -600);
    return await ben.message('message number 001').count() > 0;
  }, 30_000);
  await mustRead(ben.texts, numbered, 'what ben sees');
});
