// Draws one message into its row, whatever its state: stored, edited, deleted, waiting or refused.

import { part, showAvatar, shownName } from './markup.js';
import { dayKey, fullDate, showClock } from './time.js';

/** Messages of one author that follow within so long stand together under one name. */
const TOGETHER_MS = 5 * 60_000;
const WEB_ADDRESS = /https?:\/\/[^\s<>"]+/g;
/** What ends a sentence or a parenthesis is rarely meant to be part of the address. */
const TRAILING = /[.,;:!?'\u2019\u201d)\]}]+$/;

/** Draws a stored message; `previous` is the one before it or null, `wish` what its author wants of it or null. */
export function drawStored(row, message, { previous, wish, yourId }) {
  const own = message.author.id === yourId;
  const deleted = message.deleted_at !== null;
  const content = wish?.type === 'edit' ? wish.content : message.content;
  row.dataset.id = String(message.id);
  row.classList.toggle('own', own);
  row.classList.toggle('deleted', deleted);
  row.classList.toggle('together', staysWith(previous, message));
  drawAuthor(row, message.author);
  showText(part(row, '.text'), deleted ? 'This message was deleted.' : content);
  const edited = part(row, '.edited');
  edited.hidden = deleted || message.edited_at === null;
  edited.title = message.edited_at === null ? '' : fullDate(message.edited_at);
  showClock(part(row, 'time'), message.created_at);
  part(row, '.tools').hidden = deleted;
  part(row, '.tool-wire').href = `/wire?message=${message.id}`;
  part(row, '.tool-edit').hidden = !own;
  part(row, '.tool-delete').hidden = !own;
  drawWish(row, deleted ? null : wish, { edit: 'saving…', delete: 'deleting…' });
}

/** Draws a message that the server has not stored yet. */
export function drawWaiting(row, wish, { you, live }) {
  row.classList.add('own', 'unsent');
  drawAuthor(row, you);
  showText(part(row, '.text'), wish.content);
  part(row, '.meta').hidden = true;
  drawWish(row, wish, { send: live ? 'sending…' : 'waiting for the connection' });
}

/** Shows the text as it was written, character by character; web addresses in it open in a tab of their own. */
function showText(element, text) {
  if (element.textContent === text) return;
  const parts = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(WEB_ADDRESS)) {
    const address = found.replace(TRAILING, '');
    if (!URL.canParse(address)) continue;
    parts.push(text.slice(end, index), link(address));
    end = index + address.length;
  }
  element.replaceChildren(...parts, text.slice(end));
}

function link(address) {
  const element = document.createElement('a');
  element.href = address;
  element.target = '_blank';
  element.rel = 'noopener noreferrer';
  element.textContent = address;
  return element;
}

function drawAuthor(row, author) {
  showAvatar(part(row, '.avatar'), author);
  part(row, '.author').textContent = shownName(author);
}

function drawWish(row, wish, words) {
  const line = part(row, '.wish');
  const refused = wish !== null && wish.refusal !== null;
  line.hidden = wish === null;
  line.dataset.key = wish?.key ?? '';
  row.classList.toggle('refused', refused);
  // A refusal is worth interrupting for, progress is not.
  if (refused) line.setAttribute('role', 'alert');
  else line.removeAttribute('role');
  const text = wish === null ? '' : (wish.refusal ?? words[wish.type]);
  if (part(line, '.wish-text').textContent !== text) part(line, '.wish-text').textContent = text;
  part(line, '.wish-again').hidden = !refused;
  part(line, '.wish-discard').hidden = !refused;
}

function staysWith(previous, message) {
  return previous !== null
    && previous.author.id === message.author.id
    && message.created_at - previous.created_at < TOGETHER_MS
    && dayKey(previous.created_at) === dayKey(message.created_at);
}
