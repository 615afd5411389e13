// When the server says no for a while: a polite sentence, and nothing that was typed is lost.

import assert from 'node:assert/strict';
import path from 'node:path';
import { makeFolder } from '../server.mjs';
import { SmallDisk } from '../small_disk.mjs';
import { mustRead, scene } from './scene.mjs';

scene('who writes faster than ten a second loses nothing, and all arrives in order', { ana: {}, ben: {} }, async ({ ana, ben }) => {
  await ana.settle();
  await ben.settle();
  const texts = Array.from({ length: 25 }, (_, n) => `quick ${n + 1}`);
  for (const text of texts) await ana.say(text);
  await ben.sees('quick 25');
  await mustRead(ben.texts, texts, 'what ben sees');
  await ana.sees('quick 25');
  await mustRead(ana.texts, texts, 'what ana sees');
});

scene('a text that is too long stays in its field, and the field says by how much', { ana: {} }, async ({ ana }) => {
  await ana.settle();
  const text = 'x'.repeat(4_001);
  await ana.say(text);
  await ana.page.getByText('1 characters too many').or(ana.page.getByText('1 character too many')).waitFor();
  assert.equal(await ana.composer.inputValue(), text);
  await ana.say(text.slice(1));
  await ana.sees(text.slice(1));
  assert.equal(await ana.composer.inputValue(), '');
});

const disks = new WeakMap();
function folderOnSmallDisk(t) {
  const folder = makeFolder();
  disks.set(t, SmallDisk.mount(t, path.join(folder, 'data')));
  return folder;
}

scene('on a full disk a message is kept and says why, and goes out when there is room again', { ana: {}, ben: {} }, async ({ ana, ben, t }) => {
  const disk = disks.get(t);
  if (!disk) return;
  await ana.settle();
  await ben.settle();
  await ana.tell('there is room');
  disk.fill();
  // The database may still have some pages to fill: long messages until one is refused.
  const long = (n) => `${n} ${'long '.repeat(700)}end`;
  const again = ana.waiting.getByRole('button', { name: 'Try again' });
  let n = 0;
  while (await again.count() === 0) {
    n += 1;
    await ana.say(long(n));
    await again.first().or(ana.message(`${n} long`).first()).first().waitFor();
  }
  await ana.waiting.getByText(/room|disk|stored/i).first().waitFor();
  await ana.waiting.getByText(`${n} long`).waitFor();
  disk.makeRoom();
  await again.click();
  await ana.sees(`${n} long`);
  await ben.sees(`${n} long`);
  await ana.tell('there is room again');
  await ben.sees('there is room again');
}, { folder: folderOnSmallDisk });
