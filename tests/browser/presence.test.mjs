// Who is there, and from where: pushed as people come and go, one entry a person however many tabs.

import { scene } from './scene.mjs';

scene('people see each other appear, with their address, and leave', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ana.person('ben').waitFor({ state: 'detached' });
  await ben.settle();
  for (const [person, other] of [[ana, 'ben'], [ben, 'ana']]) {
    await person.person(other).filter({ hasText: /127\.0\.0\.1|::1/ }).first().waitFor();
  }
  await ben.page.close();
  await ana.people.getByRole('listitem').filter({ hasText: 'ben' }).filter({ hasText: /127\.0\.0\.1|::1/ }).waitFor({ state: 'detached' });
});

scene('several tabs of one person are one person, there until the last is closed', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  const second = await ben.context.newPage();
  await second.goto(ben.page.url());
  await second.locator('#connection[data-state="connected"]').waitFor();
  const rowsWithAddress = ana.person('ben').filter({ hasText: /127\.0\.0\.1|::1/ });
  await rowsWithAddress.first().waitFor();
  const rows = await rowsWithAddress.count();
  await second.close();
  await ben.tell('still here');
  await ana.sees('still here');
  await rowsWithAddress.first().waitFor();
  if (rows !== 1) throw new Error(`ben stands ${rows} times in the list`);
  await ben.page.close();
  await rowsWithAddress.waitFor({ state: 'detached' });
});

scene('who leaves a group is no longer among its members', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ana.createGroup('Exercise 4');
  await ben.settle();
  await ben.openGroup('Exercise 4');
  await ana.person('ben').first().waitFor();
  await ben.page.getByRole('button', { name: /^Leave/ }).click();
  await ben.page.getByRole('button', { name: /^Join/ }).or(ben.group('lobby')).first().waitFor();
  await ana.page.locator('#presence-line').filter({ hasNotText: 'ben' }).waitFor();
});
