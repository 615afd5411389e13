// Finds this machine's Chromium and starts it so that it works as root and without a network.
// `node chromium.mjs --find` says which one it is, and fails if there is none that starts.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

// Each window's address bar loads these two pages of its own, for half a second of computing, and no test ever looks at them.
const ADDRESS_BAR = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup'];

// What Playwright 1.60 turns off: of several lists Chromium heeds the last alone, so that ours has to hold its names too.
const OFF_FOR_PLAYWRIGHT = [
  'AutoDeElevate', 'AvoidUnnecessaryBeforeUnloadCheckSync', 'BoundaryEventDispatchTracksNodeRemoval', 'DestroyProfileOnBrowserClose',
  'DialMediaRouteProvider', 'GlobalMediaControls', 'HttpsUpgrades', 'LensOverlay', 'MediaRouter', 'OptimizationHints', 'PaintHolding',
  'RenderDocument', 'ThirdPartyStoragePartitioning', 'Translate',
];

const FLAGS = [
  `--disable-features=${[...OFF_FOR_PLAYWRIGHT, ...ADDRESS_BAR]}`,
  '--no-sandbox', // a container's root has no user namespaces to build the sandbox from
  '--disable-gpu',
  '--disable-quic',
  '--ignore-certificate-errors', // a person confirms the certificate once, for downloads too; a context's own setting leaves those out
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage', // containers often have 64 MiB there
];

/** The first Chromium in PATH that can say its version, else the one Playwright fetched. */
export function findChromium() {
  for (const name of NAMES) {
    for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
      const file = path.join(folder, name);
      // Ubuntu has a `chromium-browser` that only says that a snap should be installed.
      if (existsSync(file) && spawnSync(file, ['--version'], { timeout: 30_000 }).status === 0) return file;
    }
  }
  const fetched = chromium.executablePath();
  if (existsSync(fetched)) return fetched;
  throw new Error(`no Chromium found: looked for ${NAMES.join(', ')} in PATH; tests/run installs one`);
}

/** Playwright makes a fresh profile folder for each browser and removes it at the end. */
export function launchChromium() {
  return chromium.launch({ executablePath: findChromium(), headless: true, args: FLAGS });
}

/** A Chromium with a profile that outlives it, its cache included. */
export function openProfile(folder) {
  return chromium.launchPersistentContext(folder, { executablePath: findChromium(), headless: true, args: FLAGS });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href && process.argv.includes('--find')) {
  const browser = await launchChromium();
  console.log(`${findChromium()} ${browser.version()}`);
  await browser.close();
}
