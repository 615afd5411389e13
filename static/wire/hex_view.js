// A dump of one side's bytes: in hexadecimal and as text, 16 in a row or, where it is narrow, 8.
// It says which byte is pointed at, and marks those it is told to; what a byte means is for others.

import { hexOf, printable } from './bytes.js';
import { onKeyboardFocus } from './focus.js';
import { bytesOf } from './words.js';
import { VirtualList } from './virtual_list.js';

const COLUMNS_WIDE = 16;
const COLUMNS_NARROW = 8;
/** In widths of a digit: the offset and the paddings, and what each byte takes. */
const CHARS_BESIDE = 9;
const CHARS_PER_BYTE = 3.75;

let views = 0;

/**
 * `point`  detail is { at, kept }: a byte of the side that the mouse or the keyboard is on, or null; `kept` if it was chosen.
 */
export class HexView extends EventTarget {
  #element;
  #id = `hex-${views += 1}`;
  #list;
  #side = null;
  #rows = [];
  #columns = COLUMNS_WIDE;
  #cursor = -1;
  /** Which marks a byte has: a function, from the number of a byte to a list of words. */
  #marksOf = () => [];

  constructor(element) {
    super();
    this.#element = element;
    this.#list = new VirtualList(element, { create: () => this.#create(), draw: (row, index) => this.#draw(row, index) });
    element.addEventListener('pointerover', (event) => this.#pointAt(event, false));
    element.addEventListener('pointerleave', () => this.#tell(null, false));
    element.addEventListener('click', (event) => this.#pointAt(event, true));
    element.addEventListener('keydown', (event) => this.#key(event));
    onKeyboardFocus(element, () => this.#cursor < 0 && this.#side?.length > 0 && this.#moveTo(0));
    new ResizeObserver(() => this.#fit()).observe(element);
  }

  /** `grown`: the same bytes as before, and more; then place and cursor stay. */
  show(side, grown) {
    this.#side = side;
    if (!grown) {
      this.#cursor = -1;
      this.#element.scrollTop = 0;
      this.#element.removeAttribute('aria-activedescendant');
    }
    this.#layOut();
    this.#fit();
  }

  /** Marks bytes anew. */
  mark(marksOf) {
    this.#marksOf = marksOf;
    this.#list.redraw();
  }

  /** Scrolls to a byte. */
  reveal(at) {
    const index = this.#rowOf(at);
    if (index >= 0) this.#list.reveal(index);
  }

  #fit() {
    const probe = document.createElement('span');
    probe.className = 'hex-probe';
    probe.textContent = '0'.repeat(10);
    this.#element.append(probe);
    const digit = probe.getBoundingClientRect().width / 10;
    probe.remove();
    const wide = this.#element.clientWidth >= digit * (CHARS_BESIDE + CHARS_PER_BYTE * COLUMNS_WIDE);
    const columns = wide ? COLUMNS_WIDE : COLUMNS_NARROW;
    if (columns === this.#columns) return;
    this.#columns = columns;
    this.#layOut();
  }

  /** A row is { pane } for a heading, { pane, from, to } for bytes, { cut } for those that are not shown. */
  #layOut() {
    this.#rows = [];
    this.#side?.panes.forEach((pane) => {
      if (this.#side.panes.length > 1) this.#rows.push({ pane });
      for (let from = 0; from < pane.bytes.length; from += this.#columns) {
        this.#rows.push({ pane, from, to: Math.min(from + this.#columns, pane.bytes.length) });
      }
      if (pane.cut > 0) this.#rows.push({ pane, cut: pane.cut });
    });
    this.#element.setAttribute('aria-rowcount', String(this.#rows.length));
    this.#element.setAttribute('aria-colcount', String(this.#columns));
    this.#list.show(this.#rows.length, this.#rowOf(this.#cursor));
  }

  #rowOf(at) {
    return this.#rows.findIndex(({ pane, from, to }) => from !== undefined && at >= pane.start + from && at < pane.start + to);
  }

  #create() {
    const row = document.createElement('div');
    row.className = 'hex-row';
    row.setAttribute('role', 'row');
    return row;
  }

  #draw(row, index) {
    const line = this.#rows[index];
    row.setAttribute('aria-rowindex', String(index + 1));
    row.classList.toggle('hex-note', line.from === undefined);
    if (line.from === undefined) this.#drawNote(row, line);
    else this.#drawBytes(row, line);
  }

  #drawNote(row, { pane, cut }) {
    const cell = document.createElement('span');
    cell.setAttribute('role', 'gridcell');
    cell.textContent = cut === undefined ? `${pane.title} · ${bytesOf(pane.bytes.length + pane.cut)}` : `… and ${bytesOf(cut)} more, not shown`;
    row.replaceChildren(cell);
    row.dataset.columns = '';
  }

  #drawBytes(row, { pane, from, to }) {
    // A row is built once and then only filled: scrolling touches text and classes, not elements.
    if (row.dataset.columns !== String(this.#columns)) this.#build(row);
    const [offset, bytes, text] = row.children;
    offset.textContent = from.toString(16).padStart(4, '0');
    for (let column = 0; column < this.#columns; column += 1) {
      const at = pane.start + from + column;
      const there = from + column < to;
      const byte = pane.bytes[from + column];
      const classes = there ? this.#classes(at, byte) : 'absent';
      this.#fill(bytes.children[column], at, there ? hexOf(byte) : '', `hex-byte ${classes}`);
      this.#fill(text.children[column], at, there ? printable(byte) : '', `hex-char ${classes}`);
      this.#name(bytes.children[column], at, byte, there);
    }
  }

  #build(row) {
    row.dataset.columns = String(this.#columns);
    const offset = document.createElement('span');
    offset.className = 'hex-offset';
    offset.setAttribute('role', 'rowheader');
    const bytes = document.createElement('span');
    bytes.className = 'hex-bytes';
    bytes.setAttribute('role', 'presentation');
    const text = document.createElement('span');
    text.className = 'hex-text';
    text.setAttribute('aria-hidden', 'true');
    for (let column = 0; column < this.#columns; column += 1) {
      const cell = document.createElement('span');
      cell.setAttribute('role', 'gridcell');
      cell.setAttribute('aria-colindex', String(column + 1));
      bytes.append(cell);
      text.append(document.createElement('span'));
    }
    row.replaceChildren(offset, bytes, text);
  }

  #classes(at, byte) {
    const leaf = this.#side.leafAt(at);
    const words = this.#marksOf(at);
    const tint = leaf && leaf.hue >= 0 ? `tint-${leaf.hue}` : '';
    const secret = leaf?.field.secret ? 'secret' : '';
    const dot = byte >= 0x20 && byte < 0x7f ? '' : 'unprintable';
    const cursor = at === this.#cursor ? 'cursor' : '';
    return [tint, secret, dot, cursor, ...words].filter(Boolean).join(' ');
  }

  #fill(cell, at, text, classes) {
    cell.dataset.at = String(at);
    if (cell.textContent !== text) cell.textContent = text;
    if (cell.className !== classes) cell.className = classes;
  }

  /** Only the byte under the cursor is read out at length: assistive technology asks for no other. */
  #name(cell, at, byte, there) {
    const isCursor = there && at === this.#cursor;
    if (isCursor) {
      const leaf = this.#side.leafAt(at);
      cell.id = `${this.#id}-byte`;
      const pane = this.#side.paneAt(at);
      const place = this.#side.panes.length > 1 ? `${pane.title}, byte` : 'byte';
      cell.setAttribute('aria-label', `${place} ${at - pane.start}: ${hexOf(byte)}, ${leaf?.field.name ?? 'no field'}`);
    } else if (cell.id !== '') {
      cell.removeAttribute('id');
      cell.removeAttribute('aria-label');
    }
  }

  #pointAt(event, kept) {
    const at = event.target.dataset?.at;
    if (at === undefined || event.target.classList.contains('absent')) {
      if (!kept) this.#tell(null, false);
      return;
    }
    if (kept) this.#moveTo(Number(at), true);
    else this.#tell(Number(at), false);
  }

  #key(event) {
    const last = (this.#side?.length ?? 0) - 1;
    if (last < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const at = Math.max(0, this.#cursor);
    const { pane, from, to } = this.#rows[this.#rowOf(at)];
    const targets = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      ArrowUp: this.#below(at, -1),
      ArrowDown: this.#below(at, 1),
      PageUp: this.#below(at, -this.#list.page),
      PageDown: this.#below(at, this.#list.page),
      Home: pane.start + from,
      End: pane.start + to - 1,
    };
    if (event.key === 'Enter' || event.key === ' ') this.#tell(at, true);
    else if (event.key in targets) this.#moveTo(Math.min(last, Math.max(0, targets[event.key])));
    else return;
    event.preventDefault();
  }

  /** The byte in the same column so many lines further down, headings not counted; of a shorter line the last. */
  #below(at, lines) {
    const step = Math.sign(lines);
    let row = this.#rowOf(at);
    const column = at - this.#rows[row].pane.start - this.#rows[row].from;
    for (let [left, next] = [Math.abs(lines), row + step]; left > 0 && this.#rows[next]; next += step) {
      if (this.#rows[next].from === undefined) continue;
      row = next;
      left -= 1;
    }
    const { pane, from, to } = this.#rows[row];
    return pane.start + Math.min(from + column, to - 1);
  }

  #moveTo(at, kept = false) {
    this.#cursor = at;
    const index = this.#rowOf(at);
    this.#list.pin(index);
    this.#list.reveal(index);
    this.#list.redraw();
    this.#element.setAttribute('aria-activedescendant', `${this.#id}-byte`);
    this.#tell(at, kept);
  }

  #tell(at, kept) {
    this.dispatchEvent(new CustomEvent('point', { detail: { at, kept } }));
  }
}
