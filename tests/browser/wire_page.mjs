// The wire view on a page of its own, fed from a made-up recording: without a server, as a paper is, but from the files as they stand.
// Knows the view's roles and labels; what must hold is for the tests to say.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { OUTPUT, REPOSITORY } from '../server.mjs';
import { launchChromium } from './chromium.mjs';
import { recording } from './wire_recording.mjs';

export const ORIGIN = 'http://wire.test';
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
export const WITHIN_MS = 60_000;

let browser;
after(() => browser?.close());

export const read = (file) => readFileSync(path.join(REPOSITORY, file), 'utf8');

/** A template with its places filled. */
export const fill = (template, values) => template.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => values[name] ?? '');

/** The page, put together as the server does for a paper. */
function pageFor(recorded) {
  const body = fill(read('templates/wire_paper.html'), { view: read('templates/wire_view.html'), rows: read('templates/wire_rows.html') });
  const document = JSON.stringify(recorded).replaceAll('<', '\\u003c');
  return `${fill(read('templates/wire_paper_head.html'), { number: '12', policy: "default-src 'self'" })}
<link rel="stylesheet" href="/static/style.css"><link rel="stylesheet" href="/static/wire/wire.css"></head>
<body class="page-paper">${body}<script type="application/json">${document}</script><script type="module" src="/static/wire/paper.js"></script></body></html>`;
}

export class WirePage {
  complaints = [];

  constructor(page) {
    this.page = page;
    page.on('pageerror', ({ message }) => this.complaints.push(message));
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && this.complaints.push(message.text()));
  }

  static async open(context, recorded) {
    const wire = new WirePage(await context.newPage());
    const html = pageFor(recorded);
    await wire.serve((pathname) => pathname === '/' && html);
    await wire.page.goto(`${ORIGIN}/`);
    await wire.rows.first().waitFor();
    return wire;
  }

  /** `pageAt(pathname)` gives the page there, if there is one; all else are files of the repository. */
  async serve(pageAt) {
    await this.page.route(`${ORIGIN}/**`, (route) => {
      const { pathname } = new URL(route.request().url());
      const html = pageAt(pathname);
      if (html) return route.fulfill({ contentType: 'text/html', body: html });
      const file = path.join(REPOSITORY, pathname);
      return existsSync(file) ? route.fulfill({ contentType: TYPES[path.extname(file)], body: readFileSync(file) }) : route.fulfill({ status: 204 });
    });
  }

  get timeline() {
    return this.page.getByRole('listbox', { name: 'Timeline' });
  }

  get rows() {
    return this.timeline.getByRole('option');
  }

  row(text) {
    return this.rows.filter({ hasText: text });
  }

  get filter() {
    return this.page.getByRole('searchbox');
  }

  get count() {
    return this.page.locator('.count');
  }

  mode(name) {
    return this.page.getByRole('radio', { name });
  }

  /** `On the wire` or `Inside`. */
  side(name) {
    const side = this.page.getByRole('region', { name, exact: true });
    return {
      region: side,
      bytes: side.getByRole('grid'),
      byte: (at) => side.locator(`.hex-byte[data-at="${at}"]`),
      fields: side.getByRole('tree'),
      field: (text) => side.getByRole('treeitem').filter({ hasText: text }),
      marked: side.locator('.hex-byte.marked'),
      carried: side.locator('.hex-byte.carried'),
    };
  }

  get explanation() {
    return this.page.getByRole('region', { name: 'What this is' });
  }

  /** Finds a row by the filter, which works however far away it is, and opens it. */
  async show(text) {
    await this.filter.fill(text);
    await this.row(text).first().locator('.letter').click();
    await this.explanation.waitFor();
    await this.filter.fill('');
  }

  async picture(name) {
    const folder = path.join(OUTPUT, 'pictures');
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
  }
}

/** Gives `work` a browser context with this profile, and closes it. */
export async function inChromium(profile, work) {
  browser ??= await launchChromium();
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...profile });
  try {
    await work(context);
  } finally {
    await context.close();
  }
}

/** A test with the view of a recording; `profile` is Playwright's for the browser context. */
export function recorded(title, play, { profile = {}, frames = 24 } = {}) {
  test(title, { timeout: WITHIN_MS }, () => inChromium(profile, async (context) => {
    const wire = await WirePage.open(context, recording({ frames }));
    await play(wire);
    assert.deepEqual(wire.complaints, []);
  }));
}
