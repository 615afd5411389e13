// A secret in all the spellings that bytes have in texts, and where any of them stands. Knows no server.

/** The places of a base64 text at which three bytes may begin. */
const SHIFTS = [0, 1, 2];

/** As Base64, wherever in a longer text the secret begins; the characters at the ends belong to its neighbours, too. */
function inBase64(bytes) {
  return SHIFTS.map((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64').replace(/=+$/, '');
    const ofNeighbours = Math.ceil((shift * 8) / 6);
    const whole = Math.floor(((shift + bytes.length) * 8) / 6);
    return text.slice(ofNeighbours, whole);
  });
}

function inHex(bytes, between) {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(between);
}

/** As characters that mean something are kept from meaning it: in HTML, JSON, and in Rust's `{:?}`. */
function escaped(text) {
  const names = { '&': ['&amp;', '&#38;'], '<': ['&lt;', '&#60;'], '>': ['&gt;', '&#62;'], '"': ['&quot;', '&#34;'], "'": ['&#39;', '&#x27;'] };
  const inHtml = [0, 1].map((which) => text.replace(/[&<>"']/g, (character) => names[character][which]));
  const inAscii = (letter) => text.replace(/[^\x20-\x7e]/gu, letter).replace(/"/g, '\\"');
  return [
    ...inHtml,
    JSON.stringify(text).slice(1, -1),
    inAscii((character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
    inAscii((character) => `\\u{${character.codePointAt(0).toString(16)}}`),
  ];
}

/** `{ how, bytes }` for each way to write these bytes that looks different. */
export function spellingsOf(secret) {
  const bytes = Buffer.from(secret);
  const found = [{ how: 'as it is', bytes }];
  const add = (how, text) => {
    const spelling = Buffer.from(text);
    if (!found.some((other) => other.bytes.equals(spelling))) found.push({ how, bytes: spelling });
  };
  const percent = inHex(bytes, '%');
  add('all of it percent-encoded', `%${percent}`);
  add('all of it percent-encoded, in capitals', `%${percent.toUpperCase()}`);
  for (const [what, between] of [['', ''], [', with blanks', ' '], [', with colons', ':']]) {
    add(`in hexadecimal${what}`, inHex(bytes, between));
    add(`in hexadecimal${what}, in capitals`, inHex(bytes, between).toUpperCase());
  }
  for (const [shift, text] of inBase64(bytes).entries()) {
    add(`in base64, ${shift} behind`, text);
    add(`in base64url, ${shift} behind`, text.replaceAll('+', '-').replaceAll('/', '_'));
  }
  add('as a list of numbers', [...bytes].join(', '));
  add('as a list of numbers without blanks', [...bytes].join(','));
  const text = bytes.toString('utf8');
  if (Buffer.from(text).equals(bytes)) {
    add('as in a form', new URLSearchParams({ text }).toString().slice('text='.length));
    add('as in a URL', encodeURIComponent(text));
    for (const [n, spelling] of escaped(text).entries()) add(`escaped, form ${n}`, spelling);
    add('as UTF-16', Buffer.from(text, 'utf16le'));
  }
  return found;
}

/** Secrets by name, to be looked for. */
export class Secrets {
  /** Name, spelling and how it is spelled, one after the other. */
  #wanted = [];

  add(name, secret) {
    const spellings = spellingsOf(secret);
    if (spellings[0].bytes.length < 8) throw new Error(`${name} could show up by chance`);
    for (const { how, bytes } of spellings) this.#wanted.push({ name, how, bytes });
  }

  get names() {
    return [...new Set(this.#wanted.map(({ name }) => name))];
  }

  /** Every spelling of every secret whose name fits. */
  * [Symbol.iterator]() {
    yield* this.#wanted;
  }

  /** `name, how it is spelled` of all that stand in these bytes. */
  in(bytes, concerns = () => true) {
    return this.#wanted.filter((it) => concerns(it.name) && bytes.includes(it.bytes)).map((it) => `${it.name}, ${it.how}`);
  }
}
