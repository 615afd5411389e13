// The `ws` package against both sockets: what is refused, what is said in which order, how it ends (docs/PROTOCOL.md).

import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../deadline.mjs';
import { Server } from '../server.mjs';
import { fetchFrom, join, postForm, register } from './account.mjs';
import { Listener, LOBBY, MESSAGES_A_SECOND, refusalOf, say } from './chatter.mjs';

/** The longest WebSocket message that is read. */
const MESSAGE_BYTES_MAX = 64 * 1024;

let server;
let sequence = 0;
before(async () => { server = await Server.start({ mode: 'both' }); });
after(() => server.end());

/** A new user in the lobby, so that no test meets another's limits. */
async function someone(transport, name = 'user') {
  sequence += 1;
  const account = await register(server, transport, `${name}-${sequence}`);
  await join(server, account, LOBBY);
  return account;
}

/** A conversation that is live. */
async function converse(account, target = `/ws/chat/${LOBBY}`) {
  const listener = await Listener.open(server, account, target);
  listener.ready = await listener.event('ready', 'ready');
  return listener;
}

/** The message event that acknowledges `clientId`. */
const acknowledges = (clientId) => (event) => event.type === 'message' && event.message.client_id === clientId;

async function makeGroup(account, name) {
  const response = await postForm(server, account.transport, '/groups', { name }, account);
  assert.equal(response.status, 303, response.body);
  return Number(/\/chat\/(\d+)/.exec(response.headers.location)[1]);
}

for (const transport of ['plain', 'tls']) {
  describe(`a WebSocket over ${transport}`, () => {
    test('is refused with the status that says why', async () => {
      const account = await someone(transport);
      const stranger = { transport };
      const group = await makeGroup(await someone(transport), `closed to others ${transport}`);
      for (const [what, who, target, options, status] of [
        ['without a session', stranger, '/ws', {}, 401],
        ['without a session', stranger, `/ws/chat/${LOBBY}`, {}, 401],
        ['with a session that never was', { transport, cookie: account.cookie.replace(/.{8}$/, 'AAAAAAAA') }, '/ws', {}, 401],
        ['from another site', account, '/ws', { headers: { Origin: 'http://evil.example' } }, 403],
        ['into a group of which one is no member', account, `/ws/chat/${group}`, {}, 403],
        ['into a group that does not exist', account, '/ws/chat/999999', {}, 404],
        ['to a place that does not exist', account, '/ws/nowhere', {}, 404],
        ['in an older version of the protocol', account, '/ws', { protocolVersion: 8 }, 426],
      ]) {
        const refusal = await refusalOf(server, who, target, options);
        assert.equal(refusal.status, status, `${target} ${what}`);
        if (status === 426) assert.equal(refusal.headers['sec-websocket-version'], '13');
      }
      const bare = await fetchFrom(server, transport, '/ws', { headers: { Cookie: account.cookie } });
      assert.equal(bare.status, 426, 'a GET without an upgrade');
    });

    test('begins with hello, history and ready, in this order', async () => {
      const account = await someone(transport);
      const listener = await converse(account);
      assert.deepEqual(listener.events.slice(0, 3).map(({ type }) => type), ['hello', 'history', 'ready']);
      const [hello, history, ready] = listener.events;
      assert.deepEqual(hello.group, { id: LOBBY, name: 'lobby' });
      assert.equal(hello.you.name, account.name);
      assert(hello.members.some(({ id }) => id === hello.you.id));
      assert(Array.isArray(hello.present) && Array.isArray(history.messages));
      assert.equal(typeof history.older, 'boolean');
      assert.equal(typeof ready.change, 'number');
      listener.close();
    });

    test('shows a message to all, stored, and acknowledges it to its author', async () => {
      const [ana, ben] = [await someone(transport), await someone(transport)];
      const [hers, his] = [await converse(ana), await converse(ben)];
      const clientId = `first-${transport}`;
      hers.send({ type: 'send', content: 'Grüße, 日本語 🙂 <b>', client_id: clientId });
      const { message } = await hers.event('the acknowledgement', acknowledges(clientId));
      const seen = await his.event('the message', (event) => event.message?.id === message.id);
      assert.deepEqual({ ...seen.message, client_id: clientId }, message);
      assert.equal(message.content, 'Grüße, 日本語 🙂 <b>');
      assert.equal(message.author.name, ana.name);
      assert.equal(message.edited_at, null);
      assert.equal(message.deleted_at, null);
      assert(Math.abs(message.created_at - Date.now()) < 60_000);
      assert(message.change > hers.ready.change);
      hers.close();
      his.close();
    });

    test('stores a message once that is sent twice under one client_id', async () => {
      const account = await someone(transport);
      const listener = await converse(account);
      const clientId = `twice-${transport}`;
      for (let n = 0; n < 2; n += 1) listener.send({ type: 'send', content: 'twice?', client_id: clientId });
      await until('both are acknowledged', () => listener.events.filter(acknowledges(clientId)).length === 2);
      const [first, second] = listener.events.filter(acknowledges(clientId));
      assert.deepEqual(first.message, second.message);
      listener.close();
      const fresh = await converse(account);
      const { messages } = await fresh.event('history', 'history');
      assert.equal(messages.filter(({ content }) => content === 'twice?').length, transport === 'plain' ? 1 : 2, 'one for each transport so far');
      fresh.close();
    });

    test('edits and deletes what is one’s own, and refuses what is not', async () => {
      const [ana, ben] = [await someone(transport), await someone(transport)];
      const [hers, his] = [await converse(ana), await converse(ben)];
      hers.send({ type: 'send', content: 'mine', client_id: 'mine' });
      const { message } = await hers.event('the acknowledgement', acknowledges('mine'));
      for (const wish of [{ type: 'edit', message_id: message.id, content: 'his' }, { type: 'delete', message_id: message.id }]) {
        his.send(wish);
        const refused = await his.event(`${wish.type} is refused`, (event) => event.type === 'refused' && event.request === wish.type);
        assert.equal(refused.reason, 'not_author');
        assert.equal(refused.message_id, message.id);
        assert.match(refused.text, /\w+ \w+/);
      }
      hers.send({ type: 'edit', message_id: message.id, content: 'still mine' });
      const edited = (await his.event('the edit', 'edited')).message;
      assert.equal(edited.content, 'still mine');
      assert(edited.edited_at >= edited.created_at && edited.change > message.change);
      hers.send({ type: 'delete', message_id: message.id });
      const deleted = (await his.event('the deletion', 'deleted')).message;
      assert.equal(deleted.content, '');
      assert(deleted.deleted_at >= deleted.created_at && deleted.change > edited.change);
      hers.send({ type: 'edit', message_id: message.id, content: 'back again' });
      assert.equal((await hers.event('no edit after deletion', 'refused')).reason, 'no_such_message');
      hers.close();
      his.close();
    });

    test('refuses what is no message with a reason, and stays open', async () => {
      const account = await someone(transport);
      const listener = await converse(account);
      const refusals = () => listener.events.filter(({ type }) => type === 'refused');
      for (const [n, raw] of ['not json', '{}', '[]', '"text"', '{"type":"dance"}', '{"type":"send"}', '{"type":"send","content":7}',
        JSON.stringify({ type: 'send', content: ' \n' }), JSON.stringify({ type: 'send', content: 'x'.repeat(4_001) }),
        JSON.stringify({ type: 'send', content: 'x', client_id: 'with blank' })].entries()) {
        listener.socket.send(raw);
        await until(`${raw.slice(0, 40)} is refused`, () => refusals().length === n + 1);
        assert.equal(refusals()[n].reason, 'invalid', raw.slice(0, 40));
      }
      listener.send({ type: 'send', content: 'é'.repeat(4_000), client_id: 'longest' });
      await listener.event('the longest message', acknowledges('longest'));
      listener.close();
    });

    test('takes ten messages a second, politely refuses more, and takes them a little later', async () => {
      const account = await someone(transport);
      const listener = await converse(account);
      const count = MESSAGES_A_SECOND * 2;
      for (let n = 0; n < count; n += 1) listener.send({ type: 'send', content: `fast ${n}`, client_id: `fast-${n}` });
      const stored = () => listener.events.filter((event) => event.message?.client_id?.startsWith('fast-'));
      const refused = () => listener.events.filter(({ reason }) => reason === 'too_fast');
      await until('each is answered', () => stored().length + refused().length === count);
      assert(stored().length >= MESSAGES_A_SECOND, `${stored().length} were taken`);
      assert(refused().length >= 1, 'some came too fast');
      const { client_id: clientId, retry_after_ms: retryAfterMs } = refused()[0];
      assert(retryAfterMs > 0 && retryAfterMs <= 1_000, `try again after ${retryAfterMs} ms`);
      await new Promise((resolve) => { setTimeout(resolve, retryAfterMs); });
      listener.send({ type: 'send', content: 'fast, later', client_id: clientId });
      await listener.event('the refused message', acknowledges(clientId));
      listener.close();
    });

    test('resumes after a change with just what came later, also edits and deletions', async () => {
      const account = await someone(transport);
      const group = await makeGroup(account, `resumed ${transport}`);
      const first = await converse(account, `/ws/chat/${group}`);
      for (const clientId of ['one', 'two', 'three']) first.send({ type: 'send', content: clientId, client_id: clientId });
      const { message: three } = await first.event('three', acknowledges('three'));
      const { message: one } = await first.event('one', acknowledges('one'));
      const { message: two } = await first.event('two', acknowledges('two'));
      first.send({ type: 'delete', message_id: one.id });
      first.send({ type: 'edit', message_id: two.id, content: 'two and a half' });
      await first.event('the edit', 'edited');
      const again = await converse(account, `/ws/chat/${group}?after=${three.change}`);
      const replayed = again.events.filter(({ type }) => type === 'replay').flatMap(({ messages }) => messages);
      assert.deepEqual(replayed.map(({ id, content }) => [id, content]), [[one.id, ''], [two.id, 'two and a half']]);
      const nothing = await converse(account, `/ws/chat/${group}?after=${again.ready.change}`);
      assert.deepEqual(nothing.events.flatMap(({ messages }) => messages ?? []), []);
      const future = await converse(account, `/ws/chat/${group}?after=${again.ready.change + 1_000}`);
      assert.equal((await future.event('history', 'history')).messages.length, 3, 'a future change gives the history instead');
      for (const listener of [first, again, nothing, future]) listener.close();
    });

    test('gives older messages page by page until there are no more', async () => {
      const account = await someone(transport);
      const group = await makeGroup(account, `long ${transport}`);
      const texts = Array.from({ length: 75 }, (_, n) => `number ${n}`);
      await say(server, transport, group, texts);
      const listener = await converse(account, `/ws/chat/${group}`);
      let { messages, older } = await listener.event('history', 'history');
      assert.equal(messages.length, 50);
      assert.equal(older, true);
      while (older) {
        const before = messages[0].id;
        listener.send({ type: 'older', before });
        const page = await listener.event('an older page', (event) => event.type === 'older' && event.before === before);
        assert(page.messages.length > 0 && page.messages.every(({ id }) => id < before));
        messages = [...page.messages, ...messages];
        older = page.older;
      }
      assert.deepEqual(messages.map(({ content }) => content), texts);
      listener.close();
    });

    test('carries news: groups, who is online, what is unread, what is read elsewhere', async () => {
      const [ana, ben] = [await someone(transport), await someone(transport)];
      const news = await Listener.open(server, ana, '/ws');
      const hello = await news.event('hello', 'hello');
      assert.equal(hello.you.name, ana.name);
      assert(hello.groups.some(({ id, joined, unread }) => id === LOBBY && joined && unread === 0));
      await news.event('oneself is online', (event) => (event.online ?? event.arrived ?? []).some(({ name }) => name === ana.name));
      const his = await Listener.open(server, ben, '/ws');
      const { arrived } = await news.event('ben arrives', (event) => event.type === 'presence' && event.arrived.some(({ name }) => name === ben.name));
      const person = arrived.find(({ name }) => name === ben.name);
      assert(person.addresses.every((address) => ['127.0.0.1', '::1'].includes(address)), person.addresses.join());
      const group = await makeGroup(ben, `news ${transport}`);
      await news.event('the new group', (event) => event.type === 'group' && event.group.id === group);
      await join(server, ana, group);
      await news.event('she joined', (event) => event.type === 'joined' && event.group_id === group);
      const conversation = await converse(ben, `/ws/chat/${group}`);
      conversation.send({ type: 'send', content: 'unread', client_id: 'unread' });
      const { message } = await conversation.event('stored', acknowledges('unread'));
      const activity = await news.event('the activity', (event) => event.type === 'activity' && event.groups.some(({ id }) => id === group));
      assert.deepEqual(activity.groups.find(({ id }) => id === group).new, [{ author_id: person.id, count: 1 }]);
      const again = await Listener.open(server, ana, '/ws');
      const unread = async (listener) => (await listener.event('hello', 'hello')).groups.find(({ id }) => id === group).unread;
      assert.equal(await unread(again), 1);
      const reading = await converse(ana, `/ws/chat/${group}`);
      reading.send({ type: 'read', message_id: message.id });
      await news.event('it is read', (event) => event.type === 'read' && event.group_id === group && event.unread === 0);
      his.close();
      conversation.close();
      await news.event('ben leaves', (event) => event.type === 'presence' && event.departed.includes(person.id));
      for (const listener of [news, again, reading]) listener.close();
    });

    test('passes typing notices to the others and not to oneself', async () => {
      const [ana, ben] = [await someone(transport), await someone(transport)];
      const [hers, his] = [await converse(ana), await converse(ben)];
      hers.send({ type: 'typing' });
      assert.equal((await his.event('the notice', 'typing')).user.name, ana.name);
      hers.send({ type: 'send', content: 'done', client_id: `typed-${transport}` });
      await hers.event('the message', acknowledges(`typed-${transport}`));
      assert.equal(hers.events.filter(({ type }) => type === 'typing').length, 0);
      hers.close();
      his.close();
    });

    test('is closed with 1009 for more than 64 KiB, with 1007 for what is not UTF-8, with 1002 for what breaks RFC 6455', async () => {
      for (const [code, misbehave] of [
        [1009, (socket) => socket.send('x'.repeat(MESSAGE_BYTES_MAX + 1))],
        [1007, (socket) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false })],
        [1002, (socket) => socket._socket.write(Buffer.from([0x83, 0x80, 0, 0, 0, 0]))], // opcode 3 is reserved
        [1002, (socket) => socket._socket.write(Buffer.from([0x81, 0x01, 0x78]))], // not masked
      ]) {
        const listener = await converse(await someone(transport));
        misbehave(listener.socket);
        assert.equal((await listener.closed()).code, code);
      }
      const listener = await converse(await someone(transport));
      listener.socket.send('x'.repeat(MESSAGE_BYTES_MAX));
      assert.equal((await listener.event('64 KiB are read', 'refused')).reason, 'invalid');
      listener.close();
    });

    test('answers a ping, and a close with the same code', async () => {
      const listener = await converse(await someone(transport));
      const pong = new Promise((resolve) => { listener.socket.once('pong', (data) => resolve(data.toString())); });
      listener.socket.ping('are you there?');
      assert.equal(await pong, 'are you there?');
      listener.socket.close(1000);
      assert.equal((await listener.closed()).code, 1000);
    });

    test('is closed with 1008 when the user leaves the group', async () => {
      const account = await someone(transport);
      const listener = await converse(account);
      const response = await postForm(server, transport, `/groups/${LOBBY}/leave`, {}, account);
      assert.equal(response.status, 303);
      assert.equal((await listener.closed()).code, 1008);
      assert.equal((await refusalOf(server, account, `/ws/chat/${LOBBY}`)).status, 403);
    });

    test('ends with the session, and says why', async () => {
      const account = await someone(transport);
      const [news, conversation] = [await Listener.open(server, account, '/ws'), await converse(account)];
      const response = await postForm(server, transport, '/logout', {}, account);
      assert.equal(response.status, 303);
      assert.equal((await news.event('the end', 'session_ended')).reason, 'logged_out');
      assert.equal((await news.closed()).code, 4001);
      assert.equal((await conversation.closed()).code, 4001);
      assert.equal((await refusalOf(server, account, '/ws')).status, 401);
    });

    test('ends when the account is deleted, which takes the password', async () => {
      const account = await someone(transport);
      const news = await Listener.open(server, account, '/ws');
      const wrong = await postForm(server, transport, '/account/delete', { password: 'not the password' }, account);
      assert.notEqual(wrong.status, 303);
      const right = await postForm(server, transport, '/account/delete', { password: account.password }, account);
      assert.equal(right.status, 303);
      assert.equal((await news.event('the end', 'session_ended')).reason, 'account_deleted');
      assert.equal((await news.closed()).code, 4001);
    });
  });
}

test('a token that shows up on the other transport is worth nothing from then on, and its owner is told', async () => {
  for (const [from, to, name] of [['tls', 'plain', 'sid_plain'], ['plain', 'tls', '__Host-sid']]) {
    const account = await someone(from);
    const news = await Listener.open(server, account, '/ws');
    await news.event('hello', 'hello');
    const token = account.cookie.split('=')[1];
    // Under either name: browsers send the cookies of one side to the other where the host is the same.
    const stolen = await fetchFrom(server, to, '/chat', { headers: { Cookie: `${account.cookie}; ${name}=${token}` } });
    assert.notEqual(stolen.status, 200, 'nobody gets in with it');
    assert.equal((await news.event(`the owner is told (${from} to ${to})`, 'session_ended')).reason, 'leaked');
    assert.equal((await news.closed()).code, 4001);
    const own = await fetchFrom(server, from, '/chat', { headers: { Cookie: account.cookie } });
    assert.notEqual(own.status, 200, 'not even on its own side');
    await until('it is logged', () => /leak/i.test(server.printed));
  }
});

test('two sides, one chat: what is said over HTTP is seen over TLS at once', async () => {
  const [ana, ben] = [await someone('plain'), await someone('tls')];
  const [hers, his] = [await converse(ana), await converse(ben)];
  hers.send({ type: 'send', content: 'from the other side', client_id: 'side' });
  await his.event('it arrives', (event) => event.message?.content === 'from the other side');
  hers.close();
  his.close();
});

test('a restart logs nobody out', async () => {
  const account = await someone('tls');
  assert.equal(await server.stop(), 0);
  await server.start();
  const listener = await converse(account);
  listener.close();
});
