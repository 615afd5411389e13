// One connection on the page: its head, its timeline, and the item or the overview beside it.
// Everything it knows comes as events of a source (docs/PROTOCOL.md), live or out of a document; what it wants goes there.

import { part } from '../markup.js';
import { Filter } from './filter.js';
import { Inspector } from './inspector.js';
import { Items, MODES, rowsOf, seen, titleOf } from './items.js';
import { Lanes } from './lanes.js';
import { Overview, summaryLine } from './overview.js';
import { counted } from './words.js';

/** The bytes are searched once the typing rests. */
const SEARCH_REST_MS = 200;
/** Stepping quickly through the timeline takes only the rows apart that are stopped at. */
const SHOW_REST_MS = 40;

let views = 0;

/** `opened`  detail is the number of the item that is shown now, or null. */
export class ConnectionView extends EventTarget {
  #element;
  #source;
  #items = new Items();
  #lanes;
  #inspector;
  #overview;
  #filter = new Filter();
  #mode = 'both';
  #connection = null;
  #summary = null;
  #layered = false;
  /** The number of the item that is shown or asked for, or null. */
  #open = null;
  /** The item that is to be opened once it is there. */
  #awaited = null;
  #shown = null;
  /** How many items there were when the end of the timeline was last seen, or first drawn. */
  #seenCount = 0;
  #isFilling = false;
  #searchTimer = 0;
  #showTimer = 0;

  /** `label` tells two views on one page apart. */
  constructor(element, source, { mode = 'both', label = '' } = {}) {
    super();
    this.#element = element;
    this.#source = source;
    this.#lanes = new Lanes(part(element, '.lanes'));
    this.#inspector = new Inspector(part(element, '.item'));
    this.#overview = new Overview(part(element, '.overview'));
    if (label !== '') relabel(element, label);
    this.#nameModes();
    this.#setMode(mode);
    this.#listen();
  }

  /** Watches a connection from its beginning; `item` is opened as soon as it is there. */
  watch(connection, item = null) {
    if (connection === this.#connection) {
      if (item !== null) this.#openItem(item, true);
      return;
    }
    this.#connection = connection;
    this.#awaited = item;
    this.#reset();
    this.#element.dataset.connection = String(connection ?? '');
    part(this.#element, '.view-name').textContent = connection === null ? 'The wire' : `Connection ${connection}`;
    this.#source.send({ type: 'watch', connection });
  }

  get connection() {
    return this.#connection;
  }

  /** What the list of connections knows of this one: a line under its name. */
  showAbout(text) {
    part(this.#element, '.view-about').textContent = text;
  }

  /** A sentence above the timeline, or the empty text. */
  notice(text) {
    const line = part(this.#element, '.view-notice');
    line.textContent = text;
    line.hidden = text === '';
  }

  /** `shows` is `overview`, or `nothing` where a narrow window shows one thing at a time. */
  closeItem(shows = 'nothing') {
    this.#open = null;
    this.#shown = null;
    this.#lanes.markOpened(null, false);
    this.#element.dataset.shows = shows;
    this.dispatchEvent(new CustomEvent('opened', { detail: null }));
  }

  /** One event of the source. */
  receive(event) {
    if (event.connection !== this.#connection) return;
    switch (event.type) {
      case 'items':
        this.#take(event);
        break;
      case 'summary':
        this.#summary = event.summary;
        this.#sumUp();
        this.#overview.showSummary(event.summary, event.proof);
        break;
      case 'lessons':
        this.#overview.showLessons(event.lessons);
        break;
      case 'shown':
        this.#show(event.shown);
        break;
      case 'found':
        this.#filter.answer(event.wire, event.inside);
        this.#draw();
        break;
      default:
        throw new Error(`a watched connection has no event “${event.type}”`);
    }
  }

  #reset() {
    this.#items.clear();
    this.#open = null;
    this.#shown = null;
    this.#element.dataset.shows = 'nothing';
    this.#summary = null;
    this.#sumUp();
    this.#overview.showLessons([]);
    this.#draw();
  }

  /** Radio buttons of one view belong together, and to no other view's. */
  #nameModes() {
    const name = `mode-${views += 1}`;
    this.#radios().forEach((radio) => { radio.name = name; });
  }

  #radios() {
    return [...this.#element.querySelectorAll('.modes input')];
  }

  #setMode(mode) {
    if (!MODES.includes(mode)) throw new Error(`nobody looks as “${mode}”`);
    this.#mode = mode;
    this.#element.dataset.mode = mode;
    this.#radios().forEach((radio) => { radio.checked = radio.value === mode; });
    this.#sumUp();
  }

  #sumUp() {
    part(this.#element, '.view-summary').textContent = this.#summary === null ? '' : summaryLine(this.#summary, this.#mode);
    // What the list says of it is read from inside.
    part(this.#element, '.view-about').hidden = this.#mode === 'eve' && this.#summary?.tls === true;
  }

  #listen() {
    this.#radios().forEach((radio) => radio.addEventListener('change', () => this.#look(radio.value)));
    this.#lanes.addEventListener('open', ({ detail }) => this.#openItem(detail, false));
    this.#overview.addEventListener('open', ({ detail }) => this.#openItem(detail, true));
    part(this.#element, '.search input').addEventListener('input', ({ target }) => this.#search(target.value));
    part(this.#element, '.newest').addEventListener('click', () => {
      this.#lanes.toEnd();
      this.#lanes.focus();
    });
    part(this.#element, '.lanes').addEventListener('scroll', () => this.#drawNewest(), { passive: true });
    part(this.#element, '.about').addEventListener('click', () => {
      this.closeItem('overview');
      part(this.#element, '.overview').focus();
    });
    part(this.#element, '.close-item').addEventListener('click', () => this.#back());
    part(this.#element, '.close-overview').addEventListener('click', () => this.#back());
    part(this.#element, '.beside').addEventListener('keydown', ({ key }) => key === 'Escape' && this.#back());
  }

  #back() {
    this.closeItem();
    this.#lanes.focus();
  }

  #take({ items, all, more }) {
    if (all) this.#items.clear();
    this.#items.take(items);
    if (!this.#layered && this.#items.layered) this.#layered = true;
    if (all) this.#layered = this.#items.layered;
    this.#element.dataset.layers = this.#layered ? 'two' : 'one';
    // What fills the timeline at first is not news.
    if (all || this.#isFilling) this.#seenCount = Infinity;
    this.#isFilling = more;
    this.#draw();
    if (this.#awaited !== null && this.#items.at(this.#awaited) !== null) this.#openItem(this.#awaited, true);
    else if (this.#open !== null && items.some(({ number }) => number === this.#open)) this.#ask();
  }

  #draw() {
    const wanted = this.#filter.isEmpty
      ? (item) => seen(item, this.#mode)
      : (item) => seen(item, this.#mode) && this.#filter.passes(item, this.#mode, titleOf(item, this.#mode));
    const rows = rowsOf(this.#items, this.#mode, wanted);
    this.#lanes.show(rows, this.#mode, this.#layered);
    const total = counted(this.#items.length, 'item');
    part(this.#element, '.count').textContent = this.#filter.complaint ?? (this.#filter.isEmpty ? total : `${counted(rows.length, 'row')} of ${total}`);
    this.#element.dataset.rows = rows.length === 0 ? (this.#items.length === 0 ? 'none-yet' : 'none-pass') : 'some';
    this.#drawNewest();
  }

  /** What came in while somebody reads further up. */
  #drawNewest() {
    if (this.#lanes.atEnd || this.#seenCount > this.#items.length) this.#seenCount = this.#items.length;
    const unseen = this.#items.length - this.#seenCount;
    part(this.#element, '.newest').hidden = unseen === 0;
    part(this.#element, '.newest-count').textContent = `${unseen} new`;
  }

  #look(mode) {
    const counterpart = this.#items.counterpart(this.#items.at(this.#open), mode);
    this.#setMode(mode);
    this.#draw();
    if (this.#open === null) return;
    if (counterpart === null) this.closeItem();
    else if (counterpart.number !== this.#open) this.#openItem(counterpart.number, true);
    else {
      this.#lanes.markOpened(this.#open, true);
      if (this.#shown?.number === this.#open) this.#inspect(this.#shown, true);
    }
  }

  #search(written) {
    this.#filter = new Filter(written);
    this.#draw();
    clearTimeout(this.#searchTimer);
    const { search } = this.#filter;
    if (search === null) return;
    this.#searchTimer = setTimeout(() => {
      this.#source.send({ type: 'find', connection: this.#connection, ...search });
    }, SEARCH_REST_MS);
  }

  #openItem(number, reveal) {
    this.#awaited = null;
    const item = this.#items.at(number);
    if (item === null) return;
    const visible = this.#items.counterpart(item, this.#mode) ?? item;
    this.#open = visible.number;
    this.#lanes.markOpened(this.#open, reveal);
    this.#ask();
    this.dispatchEvent(new CustomEvent('opened', { detail: this.#open }));
  }

  #ask() {
    clearTimeout(this.#showTimer);
    const wish = { type: 'show', connection: this.#connection, item: this.#open };
    this.#showTimer = setTimeout(() => this.#source.send(wish), SHOW_REST_MS);
  }

  #show(shown) {
    if (shown.number !== this.#open) return;
    const isFresh = this.#shown?.number !== shown.number;
    this.#shown = shown;
    this.#element.dataset.shows = 'item';
    this.#inspect(shown, isFresh);
  }

  #inspect(shown, isFresh) {
    this.#inspector.show(this.#items.at(shown.number), shown, this.#mode, isFresh);
  }
}

/** Every part of a view says which view's it is. */
function relabel(view, label) {
  [view, ...view.querySelectorAll('[aria-label]')].forEach((element) => {
    element.setAttribute('aria-label', `${element.getAttribute('aria-label')}, ${label}`);
  });
}
