// Who is there, and from where: pushed as people come and go, one entry a person however many tabs.

import assert from 'node:assert/strict';
import { scene } from './scene.mjs';

scene('people see each other appear, with their address, and leave', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  assert.equal(await ana.here('ben').count(), 0);
  await ben.settle();
  await ana.here('ben').waitFor();
  await ben.here('ana').waitFor();
  await ben.page.close();
  await ana.away('ben').waitFor();
  assert.equal(await ana.here('ben').count(), 0);
});

scene('several tabs of one person are one person, there until the last is closed', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  const second = await ben.context.newPage();
  await second.goto(ben.page.url());
  await ben.connected(second);
  await ana.here('ben').waitFor();
  assert.equal(await ana.here('ben').count(), 1);
  await second.close();
  await ben.tell('still here');
  await ana.sees('still here');
  await ana.here('ben').waitFor();
  await ben.page.close();
  await ana.away('ben').waitFor();
});

scene('who leaves a group is no longer among its members', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ana.createGroup('Exercise 4');
  await ben.settle();
  await ben.openGroup('Exercise 4');
  await ana.here('ben').waitFor();
  await ben.page.getByRole('button', { name: /^Leave/ }).click();
  await ana.here('ben').waitFor({ state: 'detached' });
  await ana.people.getByRole('heading', { name: /not in this group/ }).waitFor();
});
