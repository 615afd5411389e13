// Two connections that did the same, one in clear and one over TLS, side by side as Eve sees them.
// Each has a socket of its own, and the newest pair with the same first request is chosen until somebody chooses another.

import { byId, part } from '../markup.js';
import { Socket } from '../socket.js';
import { Connections, carriedBy, factsOf } from './connections.js';
import { ConnectionView } from './view.js';

/** One half of the page: a socket, its list, a choice and a view. */
class Half extends EventTarget {
  #socket = new Socket(() => '/ws/wire');
  #view;
  #select;
  #tls;
  connections;
  /** Whether somebody chose; until then the page does. */
  isChosen = false;

  constructor(element, select, tls) {
    super();
    this.#tls = tls;
    this.#select = select;
    this.#view = new ConnectionView(part(element, '.view'), this.#socket, { mode: 'eve', label: tls ? 'over TLS' : 'in clear' });
    this.connections = [];
    const list = new Connections(document.createElement('ol'), document.createElement('p'));
    list.addEventListener('changed', () => this.#listed(list.all));
    this.#socket.addEventListener('event', ({ detail }) => {
      this.#socket.settle();
      this.#receive(detail, list);
    });
    this.#socket.addEventListener('state', ({ detail }) => {
      if (detail.name === 'open' && this.#view.connection !== null) this.#socket.send({ type: 'watch', connection: this.#view.connection });
      if (detail.name === 'ended') location.assign('/login');
    });
    select.addEventListener('change', () => {
      this.isChosen = true;
      this.watch(Number(select.value));
    });
  }

  start() {
    this.#socket.start();
  }

  watch(number) {
    this.#select.value = String(number);
    this.#view.watch(number);
  }

  #receive(event, list) {
    if (event.type === 'connections') list.receive(event);
    else if (event.type === 'refused') this.#view.notice(event.text);
    else this.#view.receive(event);
  }

  #listed(all) {
    this.connections = all.filter(({ tls }) => tls === this.#tls);
    const { value } = this.#select;
    this.#select.replaceChildren(...this.connections.map((connection) => {
      const option = document.createElement('option');
      option.value = String(connection.number);
      option.textContent = `${connection.number}: ${carriedBy(connection)} · ${factsOf(connection)}`;
      return option;
    }));
    this.#select.value = value;
    this.dispatchEvent(new Event('changed'));
  }
}

const plain = new Half(byId('compare-plain'), byId('choose-plain'), false);
const tls = new Half(byId('compare-tls'), byId('choose-tls'), true);

/** The newest pair that began with the same request, else the newest of each. */
function bestPair() {
  for (const one of plain.connections) {
    const other = tls.connections.find(({ carried }) => carried !== '' && carried === one.carried);
    if (other) return [one, other];
  }
  return [plain.connections[0], tls.connections[0]];
}

function choose() {
  const [one, other] = bestPair();
  byId('wire-notice').hidden = Boolean(one && other);
  byId('wire-notice').textContent = one && other
    ? ''
    : 'It takes one connection of each kind: start the server with --both and --instructor, open the chat on both sides, and look here with the instructor’s key.';
  if (plain.isChosen || tls.isChosen) return;
  if (one) plain.watch(one.number);
  if (other) tls.watch(other.number);
}

[plain, tls].forEach((half) => {
  half.addEventListener('changed', choose);
  half.start();
});
