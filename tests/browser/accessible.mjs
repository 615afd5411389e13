// What axe says of a page as it stands, and whether anything sticks out of it; in which sizes and colours pages are looked at.
// It sees contrast, names and roles. What is ugly, only people see.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const SIZES = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
  projector: { viewport: { width: 1920, height: 1080 } },
};

/** Holds a page to axe's rules in both colour schemes; `keep(colorScheme)` may keep a picture of each. */
export async function mustBeAccessible(page, what, keep = async () => {}) {
  // Through the debugger, because the content security policy rightly refuses a script of ours.
  await page.evaluate(AXE);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    await keep(colorScheme);
    assert.deepEqual(await page.evaluate(violations), [], `${what}, ${colorScheme}`);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert(overflow <= 0, `${what}: ${overflow} px of the page stick out sideways`);
  }
}

/** In the page: which rules are broken, and where. All rules are applied; only of those broken are the elements told. */
async function violations() {
  const { violations: broken } = await globalThis.axe.run({ resultTypes: ['violations'] });
  // Only this crosses to the test: what axe says of all that is well takes megabytes, and longer than its rules.
  return broken.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`) }));
}
