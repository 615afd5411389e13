// Coming and going: registering, logging in and out, refusals in plain words, an account's end.

import assert from 'node:assert/strict';
import { scene } from './scene.mjs';

scene('someone registers, is in the chat at once, logs out and in again', { ana: {} }, async ({ ana }) => {
  await ana.register();
  await ana.logOut();
  await ana.page.goto(`${ana.url}/chat`);
  await ana.arrivesAt(/\/login/);
  await ana.logIn();
  await ana.atTheChat();
  await ana.keepSecrets();
  await ana.group('lobby').first().waitFor();
});

scene('a wrong password and an unknown name get the same words, and the name stays in its field', { ana: {}, ghost: {} }, async ({ ana, ghost }) => {
  await ana.register();
  await ana.logOut();
  const refusals = [];
  for (const person of [ana, ghost]) {
    await person.logIn('not the password');
    const refusal = person.page.getByRole('alert').filter({ hasText: /\w/ });
    await refusal.waitFor();
    refusals.push(await refusal.innerText());
    assert.equal(await person.page.getByLabel('Name', { exact: true }).inputValue(), person.name);
    assert.equal(await person.page.getByLabel('Password', { exact: true }).inputValue(), '');
  }
  assert.equal(refusals[0], refusals[1]);
});

scene('a name that is taken is refused, whatever its case', { ana: {}, ANA: {} }, async ({ ana, ANA }) => {
  await ana.register();
  await ANA.page.goto(`${ANA.url}/register`);
  await ANA.page.getByLabel('Name', { exact: true }).fill(ANA.name);
  await ANA.page.getByLabel('Password', { exact: true }).fill(ANA.password);
  await ANA.page.getByRole('button', { name: 'Register' }).click();
  await ANA.page.getByRole('alert').filter({ hasText: /taken/ }).waitFor();
});

scene('logging out in one tab ends the chat in every other tab of that browser', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  const other = await ana.context.newPage();
  await other.goto(ana.page.url());
  await ana.connected(other);
  await ana.logOut();
  await other.getByRole('heading', { name: 'Log in' }).waitFor();
  await ben.away('ana').waitFor();
});

scene('a deleted account is gone, and what it said stays under other words', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  await ana.tell('I was here');
  await ben.sees('I was here');
  await ana.page.goto(`${ana.url}/account`);
  await ana.page.getByLabel('Your password').fill(ana.password);
  await ana.page.getByRole('button', { name: 'Delete my account' }).click();
  await ana.arrivesAt(/\/(login|register)/);
  const nameless = ben.message('I was here').filter({ hasText: /deleted account/i });
  await nameless.waitFor();
  assert.equal(await ben.message('I was here').filter({ hasText: /\bana\b/ }).count(), 0);
  await ana.logIn();
  await ana.page.getByRole('alert').filter({ hasText: /\w/ }).waitFor();
  await ben.page.reload();
  await nameless.waitFor();
});
