// A scene: a server, people with a browser profile each, a play, and what must hold at the end of every play.
// Who the people are and what they can do stands in person.mjs; what happens stands in the tests.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { OUTPUT, Server } from '../server.mjs';
import { launchChromium } from './chromium.mjs';
import { Person } from './person.mjs';

const TRANSPORTS = [{ mode: 'plain', scheme: 'HTTP' }, { mode: 'tls', scheme: 'HTTPS' }];

/** Two people who register and talk take some five seconds; a machine under load takes much longer. */
const SCENE_WITHIN_MS = 120_000;

let browser;
after(() => browser?.close());

/**
 * Plays one scene over HTTP and again over HTTPS.
 *
 * `cast` gives each person's name and profile: `{ ana: {}, ben: { timezoneId: 'Asia/Tokyo' }, eva: { cable: true } }`. Each has
 * an empty page; `play` gets them by name, with the `server`, the `transport` and node's test context `t`.
 */
export function scene(title, cast, play, { folder } = {}) {
  for (const transport of TRANSPORTS) {
    test(`${title}, over ${transport.scheme}`, { timeout: SCENE_WITHIN_MS }, async (t) => {
      browser ??= await launchChromium();
      const server = await Server.start({ mode: transport.mode, folder: folder?.(t) });
      const people = {};
      try {
        for (const [name, profile] of Object.entries(cast)) {
          people[name] = await Person.arrive(browser, server, name, profile);
        }
        await play({ ...people, server, transport, t, browser });
        for (const person of Object.values(people)) person.mustHaveBeenSpared();
      } catch (error) {
        await keepEvidence(`${title} over ${transport.scheme}`, people, server);
        throw error;
      } finally {
        for (const person of Object.values(people)) await person.goAway();
        await server.end();
      }
    });
  }
}

async function keepEvidence(title, people, server) {
  const stem = path.join(OUTPUT, title.replaceAll(/[^A-Za-z0-9]+/g, '-'));
  mkdirSync(OUTPUT, { recursive: true });
  for (const [name, person] of Object.entries(people)) {
    await person.page.screenshot({ path: `${stem}-${name}.png` }).catch(() => {});
  }
  server.writeLogTo(`${stem}.log`);
}

/** Keeps a picture for people to look at. */
export async function picture(person, name) {
  const folder = path.join(OUTPUT, 'pictures');
  mkdirSync(folder, { recursive: true });
  await person.page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
}

/** The texts of a list, as they stand there. */
export async function mustRead(locator, expected, what) {
  assert.deepEqual(await locator.allInnerTexts(), expected, what);
}
