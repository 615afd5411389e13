// A list of any length of which only the rows on screen are elements: all have one height, each stands at its number times it.
// What a row shows is its owner's business.

import { counted } from './words.js';

/** So many rows above and below the visible ones are kept ready for the next turn of the wheel. */
const SPARE_ROWS = 6;
/** Until the style sheet can be asked. */
const ROW_HEIGHT_GUESS_PX = 32;
/** So many rows are printed, some twenty pages of them. */
const PRINTED_ROWS_MAX = 1_000;

/**
 * `create()` makes an empty row, `draw(row, index)` fills it. The height of a row is the custom property `--row` of `scroller`.
 */
export class VirtualList {
  #scroller;
  #sizer = document.createElement('div');
  #create;
  #draw;
  #count = 0;
  #rowHeight = ROW_HEIGHT_GUESS_PX;
  /** index → element, of the rows that are there. */
  #rows = new Map();
  /** A row that is kept although it is out of sight: the one that assistive technology stands on. */
  #pinned = -1;
  #frame = 0;
  /** How high the window on the rows was when it was last measured. */
  #height = 0;
  /** Says on paper how many rows are not on it. */
  #rest = document.createElement('p');
  #isPrinted = false;

  constructor(scroller, { create, draw }) {
    this.#scroller = scroller;
    this.#create = create;
    this.#draw = draw;
    this.#sizer.className = 'virtual-rows';
    this.#sizer.setAttribute('role', 'presentation');
    this.#rest.className = 'virtual-rest';
    this.#rest.hidden = true;
    scroller.append(this.#sizer, this.#rest);
    scroller.addEventListener('scroll', () => this.#soon(), { passive: true });
    new ResizeObserver(() => this.remeasure()).observe(scroller);
    addEventListener('beforeprint', () => this.#print(true));
    addEventListener('afterprint', () => this.#print(false));
  }

  /** Whether the last row is in sight, or nearly. */
  get atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight <= this.#rowHeight;
  }

  /** The element of a row, or null while it is out of sight. */
  row(index) {
    return this.#rows.get(index) ?? null;
  }

  /** How many whole rows fit on the screen. */
  get page() {
    return Math.max(1, Math.floor(this.#scroller.clientHeight / this.#rowHeight) - 1);
  }

  /** The first row that is wholly in sight. */
  get first() {
    return Math.min(this.#count - 1, Math.ceil(this.#scroller.scrollTop / this.#rowHeight));
  }

  /** There are so many rows now, and each may say something else than before. */
  show(count, pinned = -1) {
    this.#count = count;
    this.#pinned = pinned < count ? pinned : -1;
    this.#size();
    this.#rows.forEach((row, index) => {
      if (index < count) this.#draw(row, index);
    });
    this.#place();
  }

  /** Draws again what is on screen. */
  redraw() {
    this.#rows.forEach((row, index) => this.#draw(row, index));
  }

  pin(index) {
    const before = this.#pinned;
    this.#pinned = index;
    this.#place();
    [before, index].forEach((changed) => {
      const row = this.#rows.get(changed);
      if (row) this.#draw(row, changed);
    });
  }

  /** Scrolls as little as needed to show a row. */
  reveal(index) {
    const top = index * this.#rowHeight;
    const { scrollTop, clientHeight } = this.#scroller;
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (top + this.#rowHeight > scrollTop + clientHeight) this.#scroller.scrollTop = top + this.#rowHeight - clientHeight;
    this.#place();
  }

  /** Scrolls so that a row has others around it. */
  center(index) {
    const { clientHeight } = this.#scroller;
    this.#scroller.scrollTop = index * this.#rowHeight - (clientHeight - this.#rowHeight) / 2;
    this.#place();
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#place();
  }

  /** The window, the type size or the kind of rows changed. */
  remeasure() {
    const keeps = this.#pinned >= 0 && this.#isSeen(this.#pinned);
    const probe = document.createElement('div');
    probe.className = 'virtual-probe';
    this.#sizer.append(probe);
    const { height } = probe.getBoundingClientRect();
    probe.remove();
    if (height > 0 && height !== this.#rowHeight) {
      const first = this.#scroller.scrollTop / this.#rowHeight;
      this.#rowHeight = height;
      this.#size();
      this.#scroller.scrollTop = first * height;
      this.#rows.forEach((row, index) => this.#put(row, index));
    }
    if (keeps) this.reveal(this.#pinned);
    this.#height = this.#scroller.clientHeight;
    this.#place();
  }

  /** Whether a row was in sight when the list was last measured. */
  #isSeen(index) {
    const top = index * this.#rowHeight - this.#scroller.scrollTop;
    return top + this.#rowHeight > 0 && top < this.#height;
  }

  #size() {
    this.#sizer.style.height = `${this.#count * this.#rowHeight}px`;
  }

  /** Paper does not scroll: there the rows stand one below the other, and all of them, as far as that is sensible. */
  #print(isPrinted) {
    const left = this.#count - PRINTED_ROWS_MAX;
    this.#isPrinted = isPrinted;
    this.#rest.hidden = !isPrinted || left <= 0;
    this.#rest.textContent = `… and ${counted(left, 'more row')}, not printed. A filter makes them fewer.`;
    this.#place();
  }

  #soon() {
    if (this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#place();
    });
  }

  /** Makes, moves and drops elements until exactly the rows on screen, and a few around them, are there. */
  #place() {
    const [first, last] = this.#isPrinted ? [0, Math.min(this.#count, PRINTED_ROWS_MAX) - 1] : this.#visible();
    const wanted = (index) => (index >= first && index <= last) || index === this.#pinned;
    const free = [];
    this.#rows.forEach((row, index) => {
      if (wanted(index) && index < this.#count) return;
      this.#rows.delete(index);
      free.push(row);
    });
    if (this.#pinned >= 0 && this.#pinned < this.#count) this.#fill(this.#pinned, free);
    for (let index = first; index <= last; index += 1) this.#fill(index, free);
    free.forEach((row) => row.remove());
    this.#sort();
  }

  /** The first and the last row on screen, with some spare ones. */
  #visible() {
    const { scrollTop, clientHeight } = this.#scroller;
    const first = Math.floor(scrollTop / this.#rowHeight) - SPARE_ROWS;
    const last = Math.ceil((scrollTop + clientHeight) / this.#rowHeight) + SPARE_ROWS;
    return [Math.max(0, first), Math.min(this.#count - 1, last)];
  }

  /** Elements stand in the order of their rows: they are read out so. */
  #sort() {
    let next = null;
    [...this.#rows.keys()].sort((a, b) => b - a).forEach((index) => {
      const row = this.#rows.get(index);
      if (row.nextSibling !== next) this.#sizer.insertBefore(row, next);
      next = row;
    });
  }

  #fill(index, free) {
    if (this.#rows.has(index)) return;
    const row = free.pop() ?? this.#create();
    this.#rows.set(index, row);
    this.#put(row, index);
    this.#draw(row, index);
    if (row.parentNode === null) this.#sizer.append(row);
  }

  #put(row, index) {
    row.style.transform = `translateY(${index * this.#rowHeight}px)`;
  }
}
