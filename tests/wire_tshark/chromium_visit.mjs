// What Chromium does at this server over plain HTTP, to be captured: a page, a login, a file twice, the chat, a logout.
// Usage: node chromium_visit.mjs URL PROFILE register|visit
// `register` comes first and is not captured: after it the profile has the scripts and styles, which no browser asks for again.
import { openProfile } from '../browser/chromium.mjs';

const [url, profile, step] = process.argv.slice(2);
const browser = await openProfile(profile);
browser.setDefaultTimeout(30_000);
const page = browser.pages()[0];

async function send(path, button) {
  await page.goto(`${url}${path}`);
  const form = page.getByRole('main');
  await form.getByLabel('Name', { exact: true }).fill('ana');
  await form.getByLabel('Password', { exact: true }).fill('correct horse + battery');
  await form.getByRole('button', { name: button }).click();
  await page.locator('#connection[data-state="live"]').waitFor();
}

async function say(text) {
  const composer = page.getByRole('textbox', { name: /^Message to/ });
  await composer.fill(text);
  await composer.press('Enter');
  await page.locator('.message .text', { hasText: text }).waitFor();
}

if (step === 'register') {
  await send('/register', 'Register');
} else {
  // A file without its version in the URL is asked for again each time: 200, then 304.
  await page.goto(`${url}/static/favicon.svg`);
  await page.goto(`${url}/static/favicon.svg?size=16&for=a+tab`);
  await page.goto(`${url}/static/favicon.svg`);
  await send('/login?next=%2Fchat', 'Log in');
  await say('Is this in clear?');
  await say(`${'It is: '.repeat(30)}čaj, 茶, 🍵`);
}
await page.getByRole('button', { name: 'Log out' }).click();
await page.waitForURL(/\/login/);
await browser.close();
