// The timeline of one connection with its filter: what has crossed, which of it is shown, and how much that is.
// It says what somebody wants to open; what is open, and whose eyes look, it is told.

import { part } from '../markup.js';
import { setText } from './in_place.js';
import { Items, rowsOf, seen } from './items.js';
import { Lanes } from './lanes.js';
import { Search } from './search.js';
import { counted } from './words.js';

/** `open`  detail is the number of the item to show. */
export class Timeline extends EventTarget {
  #element;
  #items = new Items();
  #lanes;
  #search;
  #mode = 'both';
  #frame = 0;
  /** How many items there were when the end was last seen, or first drawn. */
  #seenCount = 0;
  #isFilling = false;
  /** Whether somebody has written into the filter and was not told yet what came of it. */
  #owesWord = false;

  /** `ask(wish)` passes a question on, and says whether it could. */
  constructor(element, ask) {
    super();
    this.#element = element;
    this.#lanes = new Lanes(part(element, '.lanes'));
    this.#search = new Search(ask);
    this.#lanes.addEventListener('open', ({ detail }) => this.dispatchEvent(new CustomEvent('open', { detail })));
    part(element, '.search input').addEventListener('input', ({ target }) => {
      this.#search.write(target.value);
      this.#owesWord = true;
      this.#draw();
    });
    part(element, '.newest').addEventListener('click', () => {
      this.#lanes.toEnd();
      this.focus();
    });
    part(element, '.lanes').addEventListener('scroll', () => this.#drawNewest(), { passive: true });
  }

  get items() {
    return this.#items;
  }

  set mode(mode) {
    this.#mode = mode;
    this.#draw();
  }

  focus() {
    this.#lanes.focus();
  }

  /** The element that has the keyboard's focus when the timeline has it. */
  get focusable() {
    return part(this.#element, '.lanes');
  }

  /** Nothing is there; `isChosen` if something is to come. */
  clear(isChosen) {
    this.#items.clear();
    this.#isFilling = isChosen;
    this.#search.restart();
    this.#element.dataset.chosen = String(isChosen);
    this.#draw();
  }

  /** Items that are new or have changed; `all` instead of those before, `more` if further ones follow at once. */
  take({ items, all, more }) {
    if (all) {
      this.#items.clear();
      this.#search.restart();
    }
    this.#items.take(items);
    this.#search.again();
    // What fills the timeline at first is not news.
    if (all || this.#isFilling) this.#seenCount = Infinity;
    this.#isFilling = more;
    // However fast it comes, a screen shows it once a frame; and what is on its way is waited for.
    if (!more && this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  /** What a search has found. */
  answer(found) {
    this.#search.answer(found);
    this.#draw();
  }

  markOpened(number, reveal) {
    if (this.#frame !== 0) this.#draw();
    this.#lanes.markOpened(number, reveal);
  }

  #draw() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    const { filter } = this.#search;
    const mode = this.#mode;
    const rows = rowsOf(this.#items, mode, (item) => seen(item, mode) && filter.passes(item, mode));
    this.#lanes.show(rows, mode, this.#items.layered);
    this.#drawCount(filter, rows.length);
    this.#drawNewest();
  }

  #drawCount(filter, rows) {
    const isChosen = this.#element.dataset.chosen === 'true';
    const isSearching = isChosen && filter.isSearching;
    const total = counted(this.#items.length, 'item');
    const passing = `${filter.isCut ? 'the first ' : ''}${counted(rows, 'row')} of ${total}`;
    const count = filter.complaint ?? (filter.isEmpty ? total : isSearching ? 'searching…' : passing);
    setText(part(this.#element, '.count'), isChosen ? count : '');
    this.#element.dataset.searching = String(isSearching);
    this.#element.dataset.rows = rows > 0 ? 'some' : this.#items.length === 0 ? 'none-yet' : filter.complaint === null ? 'none-pass' : 'none';
    if (!this.#owesWord || isSearching) return;
    // Said once, when it is known; not with each record that crosses later.
    this.#owesWord = false;
    setText(part(this.#element, '.search-status'), filter.isEmpty ? '' : count);
  }

  /** What came in while somebody reads further up. */
  #drawNewest() {
    if (this.#lanes.atEnd || this.#seenCount > this.#items.length) this.#seenCount = this.#items.length;
    const unseen = this.#items.length - this.#seenCount;
    part(this.#element, '.newest').hidden = unseen === 0;
    setText(part(this.#element, '.newest-count'), `${unseen} new`);
  }
}
