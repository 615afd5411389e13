// The live page: the list of connections, the one that is watched, and the address that names both.

import { byId, part } from '../markup.js';
import { Connections, carriedBy, endOf, factsOf } from './connections.js';
import { takeFocusOver } from './focus.js';
import { Live } from './live.js';
import { ConnectionView } from './view.js';

const STARTED_ANEW = 'The server was started anew: it numbers its connections from 1 again, and those from before are gone.';

const source = new Live(byId('wire-state'));
const page = byId('wire');
const connections = new Connections(byId('connections'), byId('connections-none'));
const view = new ConnectionView(part(page, '.view'), source);

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
  // Where there is room for one of the two only, the other took the focus with it.
  if (connection === null) takeFocusOver(byId('connections'));
  else view.takeFocusOver();
}

function showAbout() {
  const connection = connections.get(view.connection);
  view.showAbout(connection === null ? '' : `${carriedBy(connection)} · ${factsOf(connection)} · ${endOf(connection)}`);
  byId('wire-files').hidden = connection === null;
  if (connection === null) return;
  const { number, tls } = connection;
  byId('wire-pcapng').href = `/wire/${number}.pcapng`;
  byId('wire-pcapng-eve').href = `/wire/${number}.pcapng?eve=1`;
  byId('wire-pcapng-eve').hidden = !tls;
  byId('wire-paper').href = `/wire/${number}.html`;
  byId('wire-paper').download = `connection-${number}.html`;
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
    case 'hello':
    case 'session_ended':
      // The source sees to it.
      break;
    case 'connections':
      connections.receive(event);
      showAbout();
      break;
    case 'located':
      located(event);
      break;
    case 'refused':
      if (event.connection === undefined) notice(event.text);
      else view.receive(event);
      break;
    default:
      view.receive(event);
  }
}

/** A fresh socket knows nothing: what is watched is asked for again, unless it was another server's. */
function greeted(run) {
  notice(run === 'other' ? STARTED_ANEW : '');
  const { message } = asked();
  if (message !== null) source.send({ type: 'locate', message });
  else if (run !== 'other') view.again();
  else {
    history.replaceState(null, '', addressOf(null, null));
    choose(null);
  }
}

source.addEventListener('event', ({ detail }) => receive(detail));
source.addEventListener('greeted', ({ detail }) => greeted(detail));
source.addEventListener('trouble', ({ detail }) => notice(detail));
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
source.start();
