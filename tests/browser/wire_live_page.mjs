// The live wire view in front of a made-up server: one that says what a test wants it to say, when the test wants it.
// What it knows of a connection is a recording (wire_recording.mjs); what must hold is for the tests to say.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../deadline.mjs';
import { ORIGIN, WITHIN_MS, WirePage, fill, inChromium, read } from './wire_page.mjs';
import { recording } from './wire_recording.mjs';

class MadeUpServer {
  run = 'first';
  /** number → recording */
  recordings = new Map();
  /** What the page asked for on its newest socket, oldest first. */
  wishes = [];
  /** A test may answer a type of wish itself: `answers.find = (wish) => …` gives the events to tell. */
  answers = {};
  #sockets = [];

  constructor() {
    this.record(12, recording());
  }

  /** `rest` is what the list says otherwise than the recording. */
  record(number, recorded, rest = {}) {
    this.recordings.set(number, { ...recorded, connection: { ...recorded.connection, number, ...rest } });
  }

  /** Tells all who listen. */
  tell(event) {
    this.#sockets.forEach((socket) => socket.send(JSON.stringify(event)));
  }

  /** Items as they come in later. */
  tellItems(number, items, rest = {}) {
    this.tell({ type: 'items', connection: number, items, all: false, more: false, ...rest });
  }

  /** The list, from the beginning. */
  tellConnections() {
    this.tell({ type: 'connections', connections: [...this.recordings.values()].map(({ connection }) => connection), gone: [], all: true });
  }

  async hang() {
    const sockets = this.#sockets;
    this.#sockets = [];
    for (const socket of sockets) await socket.close({ code: 1001 });
  }

  accept(socket) {
    this.#sockets.push(socket);
    this.wishes = [];
    let watched = null;
    socket.onMessage((text) => {
      const wish = JSON.parse(text);
      if (wish.type === 'watch') watched = wish.connection;
      this.wishes.push(wish);
      this.#answer(wish, watched).forEach((event) => socket.send(JSON.stringify(event)));
    });
    socket.onClose(() => { this.#sockets = this.#sockets.filter((other) => other !== socket); });
    socket.send(JSON.stringify({ type: 'hello', run: this.run }));
    this.tellConnections();
  }

  #answer(wish, watched) {
    const own = this.answers[wish.type];
    if (own) return own(wish);
    const recorded = this.recordings.get(watched);
    switch (wish.type) {
      case 'watch':
        if (wish.connection === null) return [];
        return recorded ? begin(recorded) : [{ type: 'refused', connection: wish.connection, text: `Connection ${wish.connection} is not here.` }];
      case 'show':
        return [{ type: 'shown', connection: watched, shown: shownOf(recorded, wish.item) }];
      case 'find':
        return [{ type: 'found', connection: watched, question: wish.question, wire: [], inside: holding(recorded, wish.text), more: false }];
      default:
        throw new Error(`nobody answers “${wish.type}”`);
    }
  }
}

function begin({ connection: { number }, items, summary, proof, lessons }) {
  return [
    { type: 'items', connection: number, items, all: true, more: false },
    { type: 'summary', connection: number, summary, proof },
    { type: 'lessons', connection: number, lessons },
  ];
}

function shownOf({ shown, panes }, item) {
  const made = shown[item];
  return { ...made, on_the_wire: made.on_the_wire.map((pane) => panes[pane]), inside: made.inside.map((pane) => panes[pane]) };
}

function holding({ items }, text) {
  return items.filter(({ kind, title }) => kind !== 'record' && title.toLowerCase().includes(text)).map(({ number }) => number);
}

class LivePage extends WirePage {
  static async open(context, server, address) {
    const wire = new LivePage(await context.newPage());
    const view = read('templates/wire_view.html');
    const template = address.startsWith('/wire/compare') ? 'wire_compare' : 'wire';
    const body = fill(read(`templates/${template}.html`), { assets: '/static', view, plain: view, tls: view, rows: read('templates/wire_rows.html') });
    const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>The wire</title><link rel="stylesheet" href="/static/style.css"></head><body class="page-${template.replace('wire_', '')}">${body}</body></html>`;
    await wire.serve((pathname) => pathname.startsWith('/wire') && html);
    await wire.page.routeWebSocket(/\/ws\/wire$/, (socket) => server.accept(socket));
    await wire.page.goto(ORIGIN + address);
    return wire;
  }

  get notices() {
    return this.page.locator('.wire-notice, .view-notice').filter({ visible: true });
  }

  connection(number) {
    return this.page.getByRole('navigation', { name: 'Connections' }).locator(`a[data-number="${number}"]`);
  }

  /** The filter holds this, and the search for it is over. */
  async mustPass(text, count) {
    await this.filter.fill(text);
    await this.page.locator('.timeline[data-searching="false"]').waitFor();
    await until(`“${text}” lets ${count} through`, async () => (await this.count.innerText()).startsWith(`${count} `));
  }
}

/** A test with the live view at `address`, before `server`. */
export function live(title, play, { address = '/wire/12', profile = {} } = {}) {
  test(title, { timeout: WITHIN_MS }, () => inChromium(profile, async (context) => {
    const server = new MadeUpServer();
    const wire = await LivePage.open(context, server, address);
    await play(wire, server);
    assert.deepEqual(wire.complaints, []);
  }));
}
