// Makes the web addresses in a text clickable. The text itself stays as it was written, character by character.

const ADDRESS = /https?:\/\/[^\s<>"]+/g;
/** What ends a sentence or a parenthesis is rarely meant to be part of the address. */
const TRAILING = /[.,;:!?'\u2019\u201d)\]}]+$/;

/** Shows `text` in `element`: text nodes, and links that open in a tab of their own. */
export function showText(element, text) {
  if (element.textContent === text) return;
  const parts = [];
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
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
