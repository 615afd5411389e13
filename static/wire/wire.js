// The live page: the list of connections, the one that is watched, and the address that names both.

import { byId, part } from '../markup.js';
import { leaveIfLoggedOut } from '../session.js';
import { Socket } from '../socket.js';
import { Connections, carriedBy, endOf, factsOf } from './connections.js';
import { ConnectionView } from './view.js';

const socket = new Socket(() => '/ws/wire');
const page = byId('wire');
const connections = new Connections(byId('connections'), byId('connections-none'));
const view = new ConnectionView(part(page, '.view'), socket);

/** `/wire/12?item=7` is connection 12, item 7; `/wire?message=31` is wherever message 31 crossed. */
function asked() {
  const query = new URLSearchParams(location.search);
  const number = (text) => (text !== null && /^\d+$/.test(text) ? Number(text) : null);
  return {
    connection: number(location.pathname.split('/')[2] ?? null),
    item: number(query.get('item')),
    message: number(query.get('message')),
  };
}

function addressOf(connection, item) {
  const path = connection === null ? '/wire' : `/wire/${connection}`;
  return item === null ? path : `${path}?item=${item}`;
}

function choose(connection, item = null) {
  connections.current = connection;
  page.dataset.pane = connection === null ? 'connections' : 'connection';
  view.watch(connection, item);
  showAbout();
}

function showAbout() {
  const connection = connections.get(view.connection);
  view.showAbout(connection === null ? '' : `${carriedBy(connection)} · ${factsOf(connection)} · ${endOf(connection)}`);
  byId('wire-files').hidden = connection === null;
  if (connection === null) return;
  byId('wire-pcapng').href = `/wire/${connection.number}.pcapng`;
  byId('wire-pcapng-eve').href = `/wire/${connection.number}.pcapng?eve=1`;
  byId('wire-pcapng-eve').hidden = !connection.tls;
  byId('wire-paper').href = `/wire/${connection.number}.html`;
}

function notice(text) {
  byId('wire-notice').textContent = text;
  byId('wire-notice').hidden = text === '';
}

function located({ connection, item, text }) {
  notice(text);
  if (connection === null) return;
  history.replaceState(null, '', addressOf(connection, item));
  choose(connection, item);
}

function receive(event) {
  switch (event.type) {
    case 'connections':
      connections.receive(event);
      showAbout();
      break;
    case 'located':
      located(event);
      break;
    case 'refused':
      notice(event.text);
      break;
    default:
      view.receive(event);
  }
}

/** A fresh socket knows nothing: what is watched is asked for again. */
function opened() {
  const { connection, item, message } = asked();
  if (message !== null) socket.send({ type: 'locate', message });
  else if (view.connection !== null) socket.send({ type: 'watch', connection: view.connection });
  else choose(connection, item);
}

const WORDS = { open: 'live', connecting: 'connecting', waiting: 'offline', ended: 'logged out', expelled: 'not allowed' };

socket.addEventListener('event', ({ detail }) => {
  socket.settle();
  receive(detail);
});
socket.addEventListener('state', ({ detail }) => {
  byId('wire-state').dataset.state = detail.name;
  byId('wire-state').textContent = WORDS[detail.name];
  if (detail.name === 'open') opened();
  if (detail.name === 'ended') location.assign('/login');
});
socket.addEventListener('unopened', () => leaveIfLoggedOut((path) => location.assign(path)));
connections.addEventListener('choose', ({ detail }) => {
  notice('');
  history.pushState(null, '', addressOf(detail, null));
  choose(detail);
});
view.addEventListener('opened', ({ detail }) => {
  history.replaceState(null, '', addressOf(view.connection, detail));
});
byId('to-connections').addEventListener('click', () => {
  page.dataset.pane = 'connections';
  byId('connections').focus();
});
addEventListener('popstate', () => {
  const { connection, item } = asked();
  choose(connection, item);
});

choose(asked().connection, asked().item);
socket.start();
