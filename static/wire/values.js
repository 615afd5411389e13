// What a field says, in the words and digits that people read.
// Plain data: a field and its bytes in, text out.

import { hexOf } from './bytes.js';
import { bytesOf } from './words.js';

/** So many bytes of a field without a reading of its own stand beside its name. */
const BYTES_SHOWN = 12;
/** And so many characters of a text. */
const CHARS_SHOWN = 200;
/** From here on a number is easier to compare with the dump in hexadecimal. */
const HEX_FROM = 10n;

/** Characters that nobody sees, and that put those around them into another order. */
const REORDERING = /[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The value in one line, for the tree. */
export function summaryOf(node, side) {
  const { value, parts } = node.field;
  if (value !== undefined) return shorten(wholeValue(node, side), CHARS_SHOWN);
  const count = node.to - node.from;
  if (parts !== undefined) return '';
  if (count === 0) return 'nothing';
  const shown = dump(node, side, BYTES_SHOWN);
  return count > BYTES_SHOWN ? `${bytesOf(count)}: ${shown} …` : shown;
}

/** The value at length, for the explanation; the empty text if it has none of its own. */
export function wholeValue(node, side) {
  const { value } = node.field;
  if (value === undefined) return '';
  return side.isMasked(node) ? `unmasked: ${worded(value)}` : worded(value);
}

function worded(value) {
  if (value.text !== undefined) return inOrder(value.text);
  const number = BigInt(value.number);
  const digits = number < HEX_FROM ? String(number) : `${number} (0x${number.toString(16)})`;
  if (!('name' in value)) return digits;
  return value.name === null ? `${digits}, which has no name` : `${value.name} · ${digits}`;
}

/** A text in the order of its bytes: what would change it stands there by its number, as in `--trace`. */
function inOrder(text) {
  return text.replaceAll(REORDERING, (character) => `\\u{${character.codePointAt(0).toString(16)}}`);
}

/** The bits that a field has of its bytes, the others as dots: `1... ....` */
export function bitsOf(node, side) {
  const { mask } = node.field;
  if (mask === undefined) return '';
  const bits = (node.to - node.from) * 8;
  const wanted = BigInt(mask);
  const { bytes } = side.panes[node.pane];
  const number = bytes.slice(node.from, node.to).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  let text = '';
  for (let bit = bits - 1; bit >= 0; bit -= 1) {
    const place = 1n << BigInt(bit);
    text += (wanted & place) === 0n ? '·' : (number & place) === 0n ? '0' : '1';
    if (bit % 4 === 0 && bit > 0) text += ' ';
  }
  return text;
}

/** The first bytes of a field in hexadecimal. */
export function dump(node, side, count) {
  const { bytes } = side.panes[node.pane];
  return Array.from(bytes.slice(node.from, Math.min(node.to, node.from + count)), hexOf).join(' ');
}

/** Where a field stands, in words: `byte 4`, `bytes 4–7`, `bytes 0–1, some bits`. */
export function placeOf(node) {
  const count = node.to - node.from;
  if (count === 0) return 'no bytes';
  const place = count === 1 ? `byte ${node.from}` : `bytes ${node.from}–${node.to - 1} (${count})`;
  return node.field.mask === undefined ? place : `${place}, some bits`;
}

function shorten(text, length) {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
