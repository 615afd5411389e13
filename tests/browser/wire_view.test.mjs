// The wire view of a recording: what marks what, what each of Eve and the server sees, the keyboard, the filter, and ten thousand records.

import assert from 'node:assert/strict';
import { SIZES, mustBeAccessible } from './accessible.mjs';
import { recorded } from './wire_page.mjs';

const POST = 'POST /login';

/** The text of bytes that are marked, hexadecimal, in order. */
const textOf = (bytes) => bytes.allInnerTexts().then((texts) => Buffer.from(texts.join(''), 'hex').toString('latin1'));

recorded('pointing at a byte marks its field, and the bytes that carried it', async (wire) => {
  await wire.show(POST);
  const [network, inside] = [wire.side('On the wire'), wire.side('Inside')];
  await inside.bytes.evaluate((element) => { element.scrollTop = 0; });
  // "Host: chat.example" stands in the second line.
  await inside.byte(29).hover();
  assert.equal(await textOf(inside.marked), 'chat.example');
  await inside.fields.locator('.field-row.marked').filter({ hasText: 'field-value' }).waitFor();
  assert.equal(await network.carried.count(), 12, 'as many bytes on the wire');
  assert.equal(await network.region.locator('.hex-byte.carrier').count(), 1);
  assert.match(await wire.explanation.innerText(), /HTTP-message › field-line[\s\S]*field-value[\s\S]*chat\.example[\s\S]*12 encrypted bytes/);
  await network.fields.locator('.field-row.carried').filter({ hasText: 'encrypted_record' }).waitFor();

  await network.bytes.evaluate((element) => { element.scrollTop = 0; });
  await network.byte(5).hover();
  assert.equal(await inside.region.locator('.hex-byte.carrier').innerText(), '50', 'the first encrypted byte carried the P of POST');
  await network.byte(1).hover();
  assert.equal(await inside.carried.count(), 0, 'a header carries nothing');
  assert.match(await wire.explanation.innerText(), /legacy_record_version[\s\S]*Wireshark: tls\.record\.version/);
});

recorded('pointing at a field marks its bytes, and choosing keeps it', async (wire) => {
  await wire.show(POST);
  const inside = wire.side('Inside');
  await inside.fields.evaluate((element) => { element.scrollTop = 0; });
  await inside.field('method').hover();
  assert.equal(await textOf(inside.marked), 'POST');
  await inside.field('method').click();
  await wire.page.getByRole('heading', { name: 'Connection 12' }).hover();
  assert.equal(await textOf(inside.marked), 'POST', 'what was chosen stays');
  assert.equal(await inside.field('method').getAttribute('aria-selected'), 'true');
});

recorded('what a thief would want is marked and shown at once', async (wire) => {
  await wire.filter.fill('secret');
  await wire.row(POST).waitFor();
  assert.match(await wire.row(POST).innerText(), /a thief would want this/);
  await wire.row(POST).locator('.letter').click();
  await wire.side('Inside').field('password').filter({ hasText: 'a thief would want this' }).waitFor();
  assert.match(await wire.explanation.innerText(), /correct horse[\s\S]*A thief would want this/);
});

recorded('Eve sees records, the server messages, and both both', async (wire) => {
  await wire.show(POST);
  await wire.mode('As Eve').check();
  assert.equal(await wire.row(POST).count(), 0);
  // She has no keys.
  await wire.side('Inside').region.waitFor({ state: 'hidden' });
  await wire.side('On the wire').region.waitFor();
  assert.match(await wire.page.getByRole('region', { name: 'One item' }).innerText(), /Without the keys this is all there is/);
  await wire.filter.fill('secret');
  await wire.page.getByText('Nothing passes the filter').waitFor();
  await wire.filter.fill('correct horse');
  await wire.page.getByText('Nothing passes the filter').waitFor();
  await wire.filter.fill('');
  await wire.row('ClientHello').waitFor();

  await wire.mode('As the server').check();
  await wire.row(POST).waitFor();
  await wire.side('On the wire').region.waitFor({ state: 'hidden' });
  assert.equal(await wire.timeline.locator('.envelope:visible').count(), 0);
  assert.match(await wire.page.locator('.item-title').innerText(), /POST \/login/, 'the same thing, as the server reads it');

  await wire.mode('Both').check();
  for (const side of ['On the wire', 'Inside']) await wire.side(side).region.waitFor();
  const row = wire.row(POST);
  assert.match(await row.innerText(), /Application data, \d+ bytes[\s\S]*POST \/login/);
});

recorded('a record with several messages and a message in several records keep together', async (wire) => {
  const finished = wire.row('CertificateVerify');
  assert.match(await finished.innerText(), /the same record/);
  await wire.filter.fill('response');
  assert.deepEqual(await wire.rows.locator('.letter-size').allInnerTexts(), ['part 1 of 2', 'part 2 of 2']);
  await wire.rows.first().locator('.letter').click();
  await wire.side('On the wire').region.locator('.hex-note').first().waitFor();
  const headings = await wire.side('On the wire').region.locator('.hex-note').allInnerTexts();
  assert.match(headings[0], /^Record \d+ of the server · 16,405 bytes$/);
});

recorded('a record shows its arithmetic', async (wire) => {
  await wire.show(POST);
  assert.equal(await wire.page.locator('.arithmetic:visible').count(), 0, 'a message has none of its own');
  await wire.row(POST).locator('.envelope').click();
  await wire.page.getByText('How this record was opened').click();
  const steps = await wire.page.locator('.step-name').allInnerTexts();
  assert.deepEqual(steps, ['client_application_traffic_secret_0', 'write_key', 'write_iv', 'nonce', 'additional_data', 'tag']);
  await wire.mode('As Eve').check();
  assert.equal(await wire.page.locator('.arithmetic:visible').count(), 0, 'Eve cannot');
});

recorded('the filter knows kinds, sides, text, masked text and bytes', async (wire) => {
  const passing = async (text) => {
    await wire.filter.fill(text);
    // What is searched in the bytes comes a moment later.
    await wire.page.waitForFunction((wanted) => document.querySelector('.count').textContent.startsWith(wanted), `${WANTED[text]} `);
    return wire.count.innerText();
  };
  for (const text of Object.keys(WANTED)) assert.match(await passing(text), / of 69 items/, text);
  await wire.filter.fill('0x1');
  assert.match(await wire.count.innerText(), /two digits/);
  await wire.filter.fill('0xzz');
  assert.match(await wire.count.innerText(), /digits/);
});

/** How many rows pass: each frame has one, and what a client says comes back in the frame behind it. */
const WANTED = {
  'correct horse': '1 row', '"correct horse"': '1 row', '"secret"': '0 rows', '"type":"send"': '8 rows', 'client "message number 3"': '1 row', '"message number 3': '2 rows',
  [`0x${Buffer.from('number 3"').toString('hex')}`]: '2 rows',
  frame: '24 rows', 'client frames': '8 rows', request: '2 rows', 'alert client': '1 row', 'message number 3': '2 rows',
  '0x504f5354': '1 row', '0x16 0303': '2 rows', 'no such thing': '0 rows', secret: '2 rows',
};

recorded('the keyboard walks, opens, looks around and comes back', async (wire) => {
  const { keyboard } = wire.page;
  const active = (locator) => locator.evaluate((element) => document.getElementById(element.getAttribute('aria-activedescendant'))?.textContent ?? null);
  await wire.filter.focus();
  await keyboard.press('Tab');
  await wire.timeline.and(wire.page.locator(':focus')).waitFor();
  assert.match(await active(wire.timeline), /ClientHello/);
  await keyboard.press('ArrowDown');
  assert.match(await active(wire.timeline), /ServerHello/);
  await keyboard.press('End');
  assert.match(await active(wire.timeline), /FIN/);
  await keyboard.press('Home');
  for (let step = 0; step < 7; step += 1) await keyboard.press('ArrowDown');
  assert.match(await active(wire.timeline), /POST \/login/);
  await keyboard.press('Enter');
  await wire.page.locator('.item-title').filter({ hasText: POST }).waitFor();
  // With something open, walking on is reading on; Left and Right go between a record and what it carried.
  await keyboard.press('ArrowDown');
  await wire.page.locator('.item-title').filter({ hasText: '200 OK' }).waitFor();
  await keyboard.press('ArrowUp');
  await keyboard.press('ArrowLeft');
  await wire.page.locator('.item-title').filter({ hasText: /^Record of/ }).waitFor();
  await keyboard.press('ArrowRight');
  await wire.page.locator('.item-title').filter({ hasText: POST }).waitFor();

  const inside = wire.side('Inside');
  await inside.bytes.focus();
  await keyboard.press('Home');
  await keyboard.press('Control+Home');
  const label = await inside.bytes.evaluate((element) => document.getElementById(element.getAttribute('aria-activedescendant')).getAttribute('aria-label'));
  assert.match(label, /^byte \d+: [0-9a-f]{2}, /);
  await inside.fields.focus();
  await keyboard.press('Home');
  await keyboard.press('ArrowDown');
  await keyboard.press('ArrowRight');
  await keyboard.press('ArrowRight');
  assert.match(await active(inside.fields), /method/);
  assert.equal(await textOf(inside.marked), 'POST');
  await keyboard.press('ArrowLeft');
  await keyboard.press('ArrowLeft');
  assert.equal(await inside.field('request-line').getAttribute('aria-expanded'), 'false');
  await keyboard.press('Escape');
  await wire.timeline.and(wire.page.locator(':focus')).waitFor();
  await wire.page.getByRole('heading', { name: /^What Eve learns/ }).waitFor();
});

recorded('the keys of the bytes keep to their pane and column', async (wire) => {
  const { keyboard } = wire.page;
  await wire.row('EncryptedExtensions').locator('.envelope').click();
  const { bytes } = wire.side('Inside');
  await bytes.focus();
  const columns = Number(await bytes.getAttribute('aria-colcount'));
  const press = async (...keys) => {
    for (const key of keys) await keyboard.press(key);
    return bytes.evaluate((element) => document.getElementById(element.getAttribute('aria-activedescendant')).getAttribute('aria-label'));
  };
  assert.match(await press('Home'), /^EncryptedExtensions, byte 0: /);
  assert.match(await press('ArrowUp'), /^EncryptedExtensions, byte 0: /);
  assert.match(await press('End'), new RegExp(`^EncryptedExtensions, byte ${columns - 1}: `));
  // Its 21 bytes end in the middle of a line: there is none below, but in the next pane.
  assert.match(await press(...Array(Math.ceil(21 / columns) - 1).fill('ArrowDown')), /^EncryptedExtensions, byte 20: /);
  assert.match(await press('End'), /^EncryptedExtensions, byte 20: /);
  assert.match(await press('ArrowDown'), new RegExp(`^Certificate, CN=secure-chat, byte ${20 % columns}: `));
  assert.match(await press('Home'), /^Certificate, CN=secure-chat, byte 0: /);
  assert.match(await press('ArrowLeft'), /^EncryptedExtensions, byte 20: /);
});

recorded('what crossed masked is said without its mask, and that is said too', async (wire) => {
  await wire.filter.fill('client "message number 3"');
  await wire.rows.locator('.letter').click();
  await wire.side('Inside').fields.getByText('unmasked: {"type":"send"').waitFor();
  assert.match(await wire.explanation.innerText(), /unmasked: \{"type":"send"/);
  await wire.filter.fill('server "message number 3"');
  await wire.rows.locator('.letter').click();
  await wire.side('Inside').fields.getByText('"type":"message"').waitFor();
  assert.doesNotMatch(await wire.explanation.innerText(), /unmasked:/);
});

/** The rows that a printer gets. */
async function printed(wire, work) {
  await wire.page.emulateMedia({ media: 'print' });
  await wire.page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  await work();
  await wire.page.emulateMedia({ media: 'screen' });
  await wire.page.evaluate(() => dispatchEvent(new Event('afterprint')));
}

recorded('on paper all rows stand one below the other', async (wire) => {
  const onScreen = await wire.rows.count();
  await printed(wire, async () => {
    const total = Number(await wire.rows.first().getAttribute('aria-setsize'));
    assert(total > onScreen);
    assert.equal(await wire.rows.count(), total);
    const tops = await wire.rows.evaluateAll((rows) => rows.map((row) => row.getBoundingClientRect().top));
    assert.deepEqual(tops, tops.toSorted((a, b) => a - b));
    assert.equal(new Set(tops).size, tops.length, 'none covers another');
    assert(!await wire.page.locator('.virtual-rest').first().isVisible());
  });
  assert.equal(await wire.rows.count(), onScreen);
});

recorded('of very many rows a thousand are printed, and that is said', async (wire) => {
  await printed(wire, async () => {
    assert.equal(await wire.rows.count(), 1_000);
    await wire.page.getByText(/^… and [\d,]+ more rows, not printed/).waitFor();
  });
}, { frames: 2_000 });

recorded('ten thousand records scroll with some hundred elements', async (wire) => {
  assert.match(await wire.count.innerText(), /^20,0\d\d items$/);
  const elements = () => wire.page.evaluate(() => document.querySelectorAll('*').length);
  const most = 1_500;
  assert(await elements() < most);
  for (const place of [0.25, 0.5, 0.9, 1]) {
    await wire.timeline.evaluate((element, share) => { element.scrollTop = element.scrollHeight * share; }, place);
    await wire.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
    const rows = await wire.rows.count();
    assert(rows > 5 && rows < 40, `${rows} rows`);
    const box = await wire.timeline.boundingBox();
    const covered = await wire.page.evaluate(({ x, y, width, height }) => document.elementFromPoint(x + width / 2, y + height / 2).closest('.lane-row') !== null, box);
    assert(covered, 'there is a row where one looks');
  }
  await wire.row('FIN').waitFor();
  await wire.filter.fill('message number 9999');
  await wire.row('message number 9999').first().click();
  await wire.explanation.waitFor();
  assert(await elements() < most + 1_500, `${await elements()} elements with an item open`);
}, { frames: 10_000 });

recorded('long bytes and wide trees are shown with some thousand elements', async (wire) => {
  await wire.show('200 OK');
  const elements = await wire.page.evaluate(() => document.querySelectorAll('*').length);
  assert(elements < 3_000, `${elements} elements for 18,000 bytes twice`);
});

for (const [size, profile] of Object.entries(SIZES)) {
  recorded(`the view passes axe on a ${size}: overview, item, Eve, server, arithmetic, filter`, async (wire) => {
    const check = (state) => mustBeAccessible(wire.page, `${state}, ${size}`, (colours) => wire.picture(`wire-${state}-${size}-${colours}`));
    await check('timeline');
    await wire.page.getByRole('button', { name: 'What Eve learns' }).click();
    await check('overview');
    if (size === 'phone') await wire.page.getByRole('button', { name: 'Timeline' }).click();
    await wire.filter.fill('POST');
    await wire.row(POST).locator('.envelope').click();
    await wire.page.getByText('How this record was opened').click();
    await check('arithmetic');
    await wire.mode('As Eve').check();
    await check('eve');
    await wire.mode('As the server').check();
    await check('server');
    await wire.mode('Both').check();
    await wire.page.getByRole('button', { name: 'Back to the connection' }).click();
    await wire.filter.fill('no such thing');
    await check('nothing');
  }, { profile });
}
