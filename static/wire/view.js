// One connection on the page: its head, its timeline, and the item or the overview beside it.
// Everything it knows comes as events of a source (docs/PROTOCOL.md), live or out of a document; what it wants goes there.

import { part } from '../markup.js';
import { takeFocusOver } from './focus.js';
import { setText } from './in_place.js';
import { Inspector } from './inspector.js';
import { MODES, isSame } from './items.js';
import { Overview, summaryLine } from './overview.js';
import { Timeline } from './timeline.js';

/** Stepping quickly through the timeline takes only the rows apart that are stopped at. */
const SHOW_REST_MS = 40;

let views = 0;

/** `opened`  detail is the number of the item that is shown now, or null. */
export class ConnectionView extends EventTarget {
  #element;
  #source;
  #timeline;
  #inspector;
  #overview;
  #mode = 'both';
  #connection = null;
  #summary = null;
  /** The number of the item that is shown or asked for, or null. */
  #open = null;
  /** The item that is to be opened once it is there. */
  #awaited = null;
  /** The item that was open when the timeline began anew, until it is found again or known to be gone. */
  #sought = null;
  #shown = null;
  #showTimer = 0;

  /** `label` tells two views on one page apart. */
  constructor(element, source, { mode = 'both', label = '' } = {}) {
    super();
    this.#element = element;
    this.#source = source;
    this.#timeline = new Timeline(part(element, '.timeline'), (wish) => this.#connection !== null && source.send(wish));
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
    this.again();
  }

  /** The source was away and knows nothing: what is watched is asked for anew. What is there stays until the answer comes. */
  again() {
    this.#source.send({ type: 'watch', connection: this.#connection });
  }

  get connection() {
    return this.#connection;
  }

  /** If what held the keyboard's focus is no longer shown, it goes on to the name of what is watched. */
  takeFocusOver() {
    takeFocusOver(part(this.#element, '.view-name'));
  }

  /** What the list of connections knows of this one: a line under its name. */
  showAbout(text) {
    setText(part(this.#element, '.view-about'), text);
  }

  /** A sentence above the timeline, or the empty text. */
  notice(text) {
    const line = part(this.#element, '.view-notice');
    setText(line, text);
    line.hidden = text === '';
  }

  /** `shows` is `overview`, or `nothing` where a narrow window shows one thing at a time. */
  closeItem(shows = 'nothing') {
    this.#open = null;
    this.#shown = null;
    this.#sought = null;
    this.#timeline.markOpened(null, false);
    this.#element.dataset.shows = shows;
    takeFocusOver(this.#timeline.focusable);
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
        this.#timeline.answer(event);
        break;
      case 'refused':
        this.#refuse(event);
        break;
      default:
        throw new Error(`a watched connection has no event “${event.type}”`);
    }
  }

  #reset() {
    setText(part(this.#element, '.view-name'), this.#connection === null ? 'The wire' : `Connection ${this.#connection}`);
    clearTimeout(this.#showTimer);
    this.#timeline.clear(this.#connection !== null);
    this.#open = null;
    this.#shown = null;
    this.#sought = null;
    this.#element.dataset.shows = 'nothing';
    this.takeFocusOver();
    this.notice('');
    this.#summary = null;
    this.#sumUp();
    this.#overview.clear();
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
    this.#timeline.mode = mode;
    this.#element.dataset.mode = mode;
    this.#radios().forEach((radio) => { radio.checked = radio.value === mode; });
    this.#sumUp();
  }

  #sumUp() {
    setText(part(this.#element, '.view-summary'), this.#summary === null ? '' : summaryLine(this.#summary, this.#mode));
    // What the list says of it is read from inside.
    part(this.#element, '.view-about').hidden = this.#mode === 'eve' && this.#summary?.tls === true;
  }

  #listen() {
    this.#radios().forEach((radio) => radio.addEventListener('change', () => this.#look(radio.value)));
    this.#timeline.addEventListener('open', ({ detail }) => this.#openItem(detail, false));
    this.#overview.addEventListener('open', ({ detail }) => this.#openItem(detail, true));
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
    this.#timeline.focus();
  }

  #take(event) {
    const { items } = this.#timeline;
    if (event.all) {
      this.#sought = items.at(this.#open);
      this.notice(event.why ?? '');
    }
    this.#timeline.take(event);
    this.#element.dataset.layers = items.layered ? 'two' : 'one';
    if (this.#awaited !== null && items.at(this.#awaited) !== null) this.#openItem(this.#awaited, true);
    else if (this.#sought !== null) this.#seek(event.more);
    else if (this.#open !== null && event.items.some(({ number }) => number === this.#open)) this.#ask();
  }

  /** A timeline that begins anew may give other things the old numbers: what was open stays open if it is the same. */
  #seek(more) {
    const now = this.#timeline.items.at(this.#open);
    if (now === null && more) return;
    if (now === null || !isSame(now, this.#sought)) this.closeItem();
    else this.#ask();
    this.#sought = null;
  }

  #look(mode) {
    const { items } = this.#timeline;
    const counterpart = items.counterpart(items.at(this.#open), mode);
    this.#setMode(mode);
    if (this.#open === null) return;
    if (counterpart === null) this.closeItem();
    else if (counterpart.number !== this.#open) this.#openItem(counterpart.number, true);
    else {
      this.#timeline.markOpened(this.#open, true);
      if (this.#shown?.number === this.#open) this.#inspect(this.#shown, true);
    }
  }

  #openItem(number, reveal) {
    const { items } = this.#timeline;
    const item = items.at(number);
    if (item === null) return;
    this.#awaited = null;
    this.#sought = null;
    this.notice('');
    this.#open = (items.counterpart(item, this.#mode) ?? item).number;
    this.#timeline.markOpened(this.#open, reveal);
    this.#ask();
    this.dispatchEvent(new CustomEvent('opened', { detail: this.#open }));
  }

  #ask() {
    clearTimeout(this.#showTimer);
    const wish = { type: 'show', item: this.#open };
    this.#showTimer = setTimeout(() => this.#source.send(wish), SHOW_REST_MS);
  }

  #show(shown) {
    if (shown.number !== this.#open) return;
    const isFresh = this.#shown?.number !== shown.number;
    this.#shown = shown;
    this.#element.dataset.shows = 'item';
    this.#inspect(shown, isFresh);
    takeFocusOver(part(this.#element, '.close-item'));
  }

  #inspect(shown, isFresh) {
    this.#inspector.show(this.#timeline.items.at(shown.number), shown, this.#mode, isFresh);
  }

  /** The connection is not here, or not any more; or this item of it cannot be shown, and nothing else shall stand in its place. */
  #refuse({ item, text }) {
    if (item === undefined) {
      this.#connection = null;
      this.#reset();
    } else if (item === this.#open) {
      this.#shown = null;
      this.#element.dataset.shows = 'nothing';
      takeFocusOver(this.#timeline.focusable);
    } else return;
    this.notice(text);
  }
}

/** Every part of a view says which view's it is. */
function relabel(view, label) {
  [view, ...view.querySelectorAll('[aria-label]')].forEach((element) => {
    element.setAttribute('aria-label', `${element.getAttribute('aria-label')}, ${label}`);
  });
}
