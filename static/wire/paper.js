// One recorded connection as a file of its own, without a server: the view, fed from the document in the page.

import { byId, part } from '../markup.js';
import { fullDate } from '../time.js';
import { factsOf, carriedBy, endOf } from './connections.js';
import { DocumentSource } from './document_source.js';
import { ConnectionView } from './view.js';

const source = new DocumentSource(JSON.parse(part(document, 'script[type="application/json"]').textContent));
const view = new ConnectionView(part(byId('paper'), '.view'), source);

source.addEventListener('event', ({ detail }) => view.receive(detail));
view.addEventListener('opened', ({ detail }) => history.replaceState(null, '', detail === null ? '#' : `#item=${detail}`));
byId('recorded').textContent = `${fullDate(source.connection.opened)}. This file needs no server, and asks for nothing.`;
const item = /^#item=(\d+)$/.exec(location.hash);
view.watch(source.connection.number, item === null ? null : Number(item[1]));
view.showAbout(`${carriedBy(source.connection)} · ${factsOf(source.connection)} · ${endOf(source.connection)}`);
