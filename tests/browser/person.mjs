// One person at a browser of their own: what they can do and see, in the words of the pages.
// The only file that knows the pages' labels and roles. Waiting is Playwright's: each step has a deadline.

import assert from 'node:assert/strict';
import { Cable } from './cable.mjs';

/** A page on a busy machine; far above what a step takes. */
const STEP_WITHIN_MS = 15_000;

/** What Chromium reports when a server is killed or says no: the network's failure, not the page's. */
const NETWORK_REPORTS = [/^WebSocket connection to .* failed/, /^Failed to load resource: /, /net::ERR_/];

export class Person {
  complaints = [];
  requests = [];

  static async arrive(browser, server, name, profile = {}) {
    const person = new Person();
    person.name = name;
    person.server = server;
    person.password = `the password of ${name}`;
    server.secrets.add(person.password).add(encodeURIComponent(person.password)).add(person.password.replaceAll(' ', '+'));
    const { cable, ...context } = profile;
    person.url = server.urls[server.mode];
    if (cable) {
      person.cable = await Cable.to(person.url);
      person.url = person.cable.url;
    }
    person.context = await browser.newContext({
      ignoreHTTPSErrors: true,
      locale: 'en-GB',
      timezoneId: 'Europe/Zurich',
      viewport: { width: 1280, height: 800 },
      ...context,
    });
    person.context.setDefaultTimeout(STEP_WITHIN_MS);
    person.context.on('page', (page) => person.#watch(page));
    person.context.on('request', (request) => person.requests.push(request.url()));
    person.page = await person.context.newPage();
    return person;
  }

  #watch(page) {
    page.on('pageerror', (error) => this.complaints.push(`script error: ${error.message}`));
    page.on('console', (message) => {
      if (!['error', 'warning'].includes(message.type())) return;
      if (NETWORK_REPORTS.some((report) => report.test(message.text()))) return;
      this.complaints.push(`${message.type()}: ${message.text()}`);
    });
    // Whoever leaves with unsent messages is asked, and does leave; the answer may come after the page is gone.
    page.on('dialog', (dialog) => dialog.accept().catch(() => {}));
    page.on('websocket', (socket) => this.requests.push(socket.url().replace(/^ws/, 'http')));
  }

  /** No script error, nothing that the content security policy had to stop, no request to anywhere else. */
  mustHaveBeenSpared() {
    assert.deepEqual(this.complaints, [], `complaints in ${this.name}'s console`);
    const own = new URL(this.url).origin;
    const outside = this.requests.filter((url) => new URL(url).origin !== own && !url.startsWith('data:'));
    assert.deepEqual(outside, [], `requests of ${this.name} to other places`);
  }

  async goAway() {
    await this.context.close();
    this.cable?.remove();
  }

  // Accounts

  async register() {
    await this.page.goto(`${this.url}/register`);
    await this.#fillIn('Register');
    await this.atTheChat();
    await this.keepSecrets();
  }

  async logIn(password = this.password) {
    await this.page.goto(`${this.url}/login`);
    await this.#fillIn('Log in', password);
  }

  async #fillIn(button, password = this.password) {
    const form = this.page.getByRole('main');
    await form.getByLabel('Name', { exact: true }).fill(this.name);
    await form.getByLabel('Password', { exact: true }).fill(password);
    await form.getByRole('button', { name: button }).click();
  }

  async logOut() {
    await this.page.getByRole('button', { name: 'Log out' }).click();
    await this.arrivesAt(/\/login/);
  }

  async atTheChat() {
    await this.arrivesAt(/\/chat/);
  }

  /** Waits until the page stands at such an address. That one navigation overtakes another, as when both a form and the page's script lead there, is no failure. */
  async arrivesAt(pattern) {
    await this.page.waitForFunction((wanted) => new RegExp(wanted).test(location.href) && document.readyState === 'complete', pattern.source);
  }

  /** The server's log must not hold the cookie's value either. */
  async keepSecrets() {
    const cookies = await this.context.cookies();
    assert(cookies.length > 0, 'a session has a cookie');
    for (const { value } of cookies) this.server.secrets.add(value);
  }

  // Groups

  get groups() {
    return this.page.getByRole('navigation', { name: 'Groups' });
  }

  /** The link of a group in the list of all groups. */
  group(name) {
    return this.groups.getByRole('link', { name });
  }

  async createGroup(name) {
    await this.groups.getByLabel('New group').fill(name);
    await this.groups.getByRole('button', { name: 'Create the group' }).click();
    await this.inGroup(name);
  }

  /** Goes to a group, a member or not; on a phone the list is behind a button, so as from a bookmark. */
  async visitGroup(name) {
    await this.page.goto(`${this.url}/chat`);
    const link = this.page.locator('a.group').filter({ hasText: name }).first();
    await link.waitFor({ state: 'attached' });
    if (await link.isVisible()) await link.click();
    else await this.page.goto(this.url + await link.getAttribute('href'));
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
  }

  /** Opens a group, joining it if need be. */
  async openGroup(name) {
    await this.visitGroup(name);
    const join = this.page.getByRole('button', { name: /^Join/ });
    await this.composer.or(join).first().waitFor();
    if (await join.isVisible()) await join.click();
    await this.inGroup(name);
  }

  async inGroup(name) {
    await this.page.getByRole('heading', { level: 1, name }).waitFor();
    await this.connected();
  }

  /** Registers, and is in the lobby, where everybody begins. */
  async settle() {
    await this.register();
    await this.inGroup('lobby');
  }

  // The conversation

  get composer() {
    return this.page.getByRole('textbox', { name: /^Message to/ });
  }

  /** What was said, oldest first, one item a message. */
  get conversation() {
    return this.page.getByRole('log', { name: 'Conversation' });
  }

  /** The texts of messages alone. */
  get texts() {
    return this.conversation.locator('.message .text');
  }

  message(text) {
    return this.conversation.locator('.message').filter({ has: this.page.locator('.text', { hasText: text }) });
  }

  get waiting() {
    return this.page.getByRole('list', { name: 'Not sent yet' });
  }

  async say(text) {
    await this.composer.fill(text);
    await this.composer.press('Enter');
  }

  /** Says it and sees it acknowledged. */
  async tell(text) {
    await this.say(text);
    await this.sees(text);
  }

  async sees(text) {
    await this.message(text).first().waitFor();
  }

  async edit(text, newText) {
    const message = this.message(text);
    await message.hover();
    await message.getByRole('button', { name: 'Edit your message' }).click();
    const field = this.conversation.getByRole('textbox', { name: 'Edit your message' });
    await field.fill(newText);
    await field.press('Enter');
  }

  async remove(text) {
    const message = this.message(text);
    await message.hover();
    await message.getByRole('button', { name: 'Delete your message' }).click();
    const dialog = this.page.getByRole('dialog', { name: 'Delete this message?' });
    await dialog.getByRole('button', { name: 'Delete' }).click();
  }

  // What the page says about people and itself

  get people() {
    return this.page.getByRole('complementary', { name: 'People' });
  }

  /** The row of one who has this conversation open, with the address. */
  here(name) {
    return this.#row('here', name).filter({ hasText: /127\.0\.0\.1|::1/ });
  }

  /** The row of a member who is not online. */
  away(name) {
    return this.#row('away', name);
  }

  #row(kind, name) {
    return this.people.locator(`.person-list.${kind} .person`).filter({ has: this.page.getByText(name, { exact: true }) });
  }

  get connection() {
    return this.page.locator('#connection');
  }

  /** Waits until the page says that what is said now arrives. `page` may be another tab. */
  async connected(page = this.page) {
    await page.locator('#connection[data-state="live"]').waitFor();
  }

  async notConnected() {
    await this.page.locator('#connection[data-state="offline"]').waitFor();
  }

  get badge() {
    return this.page.getByRole('banner').locator('summary');
  }
}
