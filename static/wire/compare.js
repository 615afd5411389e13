// Two connections that did the same, one in clear and one over TLS, side by side as Eve sees them.
// Each has a socket of its own. The newest pair that did the same is shown, until somebody chooses another or looks into this one.

import { byId, part } from '../markup.js';
import { Connections, carriedBy, originOf } from './connections.js';
import { follow, setText } from './in_place.js';
import { Live } from './live.js';
import { ConnectionView } from './view.js';

/** One half of the page: a socket, its list, a choice and a view. */
class Half extends EventTarget {
  #source;
  #view;
  #select;
  #tls;
  #list = new Connections(document.createElement('ol'), document.createElement('p'));
  /** Those of its kind, newest first. */
  connections = [];
  /** Whether somebody chose or looks; until then the page chooses. */
  isChosen = false;

  constructor(element, tls) {
    super();
    this.#tls = tls;
    this.#select = part(element, 'select');
    this.#source = new Live(part(element, '.live-state'));
    this.#view = new ConnectionView(part(element, '.view'), this.#source, { mode: 'eve', label: tls ? 'over TLS' : 'in clear' });
    this.#list.addEventListener('changed', () => this.#listed());
    this.#source.addEventListener('event', ({ detail }) => this.#receive(detail));
    this.#source.addEventListener('trouble', ({ detail }) => this.#view.notice(detail));
    this.#source.addEventListener('greeted', ({ detail }) => this.#greeted(detail));
    this.#select.addEventListener('change', () => this.watch(Number(this.#select.value)));
    ['pointerdown', 'keydown', 'change'].forEach((type) => element.addEventListener(type, () => { this.isChosen = true; }));
  }

  start() {
    this.#source.start();
  }

  watch(number) {
    this.#select.value = String(number);
    this.#view.watch(number);
  }

  #greeted(run) {
    this.#view.notice('');
    if (run !== 'other') {
      this.#view.again();
      return;
    }
    this.isChosen = false;
    this.#view.watch(null);
  }

  #receive(event) {
    switch (event.type) {
      case 'hello':
      case 'session_ended':
        // The source sees to it.
        break;
      case 'connections':
        this.#list.receive(event);
        break;
      case 'refused':
        if (event.connection === undefined) this.#view.notice(event.text);
        else this.#view.receive(event);
        break;
      default:
        this.#view.receive(event);
    }
  }

  #listed() {
    this.connections = this.#list.all.filter(({ tls }) => tls === this.#tls);
    follow(this.#select, this.connections, {
      keyOf: ({ number }) => number,
      create: () => document.createElement('option'),
      fill: (option, connection) => {
        option.value = String(connection.number);
        setText(option, `${connection.number}: ${carriedBy(connection)} · ${originOf(connection)}`);
      },
    });
    // An option that is new may have become the chosen one.
    this.#select.value = String(this.#view.connection ?? '');
    this.dispatchEvent(new Event('changed'));
  }
}

const plain = new Half(byId('compare-plain'), false);
const tls = new Half(byId('compare-tls'), true);

/** What shows most, side by side: a password that crosses, then a conversation, then any page. */
const TELLING = [/\bPOST /, /\/ws\/chat\//, /./];

/** What a connection did, but for the scripts and styles that came with it. */
const deedOf = ({ carried }) => carried.replace(/(, )?\d+ files?$/, '');

/** The newest pair that did the same, the most telling first; else the newest of each. */
function bestPair() {
  for (const kind of TELLING) {
    for (const one of plain.connections.filter((it) => kind.test(deedOf(it)))) {
      const other = tls.connections.find((it) => deedOf(it) === deedOf(one));
      if (other) return [one, other];
    }
  }
  return [plain.connections[0], tls.connections[0]];
}

function choose() {
  const [one, other] = bestPair();
  byId('wire-notice').hidden = Boolean(one && other);
  setText(byId('wire-notice'), one && other
    ? ''
    : 'It takes one connection of each kind: start the server with --both and --instructor, open the chat on both sides, and look here with the instructor’s key.');
  if (plain.isChosen || tls.isChosen) return;
  if (one) plain.watch(one.number);
  if (other) tls.watch(other.number);
}

[plain, tls].forEach((half) => {
  half.addEventListener('changed', choose);
  half.start();
});
