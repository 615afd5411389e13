// One conversation: its socket, what it knows, and the parts of the page that show it.
// Each event of `/ws/chat/{group_id}` is met here (docs/PROTOCOL.md), each wish of the user leaves from here.

import { Field } from './composer.js';
import { ConnectionView } from './connection.js';
import { closeEdit, confirmDelete, openEdit } from './editing.js';
import { byId } from './markup.js';
import { MessagesView } from './messages.js';
import { Outbox } from './outbox.js';
import { Scroll } from './scroll.js';
import { Socket } from './socket.js';
import { Timeline } from './timeline.js';
import { Typing } from './typing.js';

/** More rows than this slow a page down; then the oldest go, and can be paged in again. */
const ROWS_MAX = 800;
const ROWS_KEPT = 400;
/** Reports of reading rest so long in between: a burst of messages is one report. */
const READ_REST_MS = 250;
/** A report that the server could not note goes out again after so long, should the server not say. */
const READ_AGAIN_MS = 5_000;

/**
 * `arrived`   someone else's message came, and the user is not looking;
 * `read`      the user has read everything;
 * `live`      what comes now comes as it happens;
 * `expelled`  no longer a member, or no longer the user whom this page was made for;
 * `ended`     the session is over; detail is { reason, text }, or null where the server gave none;
 * `unopened`  the server did not take the handshake.
 */
export class Conversation extends EventTarget {
  #you;
  #people;
  #memory;
  #socket;
  #outbox;
  #timeline = new Timeline();
  #messages;
  #connection;
  #typing;
  #scroll = new Scroll(byId('scroller'), byId('to-newest'), byId('to-newest-text'));
  #field = new Field(byId('text'), byId('counter'));
  /** Where the next connection resumes; null as long as nothing was received whole. */
  #change = null;
  #live = false;
  #expelled = false;
  /** The newest message whose reading was reported, as far as is known. */
  #readUpTo = 0;
  /** Before this moment nothing is reported. */
  #readFrom = 0;
  #readTimer = 0;

  constructor({ groupId, you, people, memory }) {
    super();
    this.#you = you;
    this.#people = people;
    this.#memory = memory;
    this.#socket = new Socket(() => {
      const resume = this.#change === null ? '' : `?after=${this.#change}`;
      return `/ws/chat/${groupId}${resume}`;
    });
    this.#outbox = new Outbox(memory, (event) => this.#socket.send(event));
    this.#messages = new MessagesView(this.#timeline, this.#outbox, you);
    this.#connection = new ConnectionView(() => this.#socket.refresh());
    this.#typing = new Typing(byId('typing'), (event) => this.#live && this.#socket.send(event));
    this.#listen();
  }

  start() {
    this.#field.text = this.#memory.read('draft', '');
    this.#wishesChanged();
    this.#socket.start();
  }

  /** How many messages of this tab the server does not have. */
  get unsent() {
    return this.#outbox.wishes.length;
  }

  #listen() {
    this.#socket.addEventListener('event', ({ detail }) => this.#receive(detail));
    this.#socket.addEventListener('state', ({ detail }) => this.#stateChanged(detail));
    this.#socket.addEventListener('unopened', () => this.dispatchEvent(new Event('unopened')));
    this.#outbox.addEventListener('change', () => this.#wishesChanged());
    this.#outbox.addEventListener('stuck', () => this.#socket.refresh());
    this.#scroll.addEventListener('end', () => this.#readSoon());
    this.#scroll.addEventListener('beginning', () => this.#askOlder());
    document.addEventListener('visibilitychange', () => this.#readSoon());
    byId('load-older').addEventListener('click', () => this.#askOlder());
    byId('messages').addEventListener('click', (event) => this.#clicked(event));
    byId('waiting').addEventListener('click', (event) => this.#clicked(event));
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#field.onEnter(() => this.#submit());
    addEventListener('resize', () => this.#field.fit());
    byId('text').addEventListener('input', () => {
      this.#memory.write('draft', this.#field.text);
      if (this.#field.text === '') this.#typing.rest();
      else this.#typing.tell();
    });
    byId('text').addEventListener('keydown', (event) => {
      if (event.key !== 'ArrowUp' || this.#field.text !== '') return;
      event.preventDefault();
      this.#editLatest();
    });
  }

  #receive(event) {
    if (this.#expelled) return;
    switch (event.type) {
      case 'hello':
        if (event.you.id !== this.#you.id) {
          this.#expel();
          return;
        }
        this.#people.replace(event.members, event.present);
        break;
      case 'history':
        // It stands in place of all there was, a place to resume from included: that may be another database's.
        this.#change = null;
        this.#timeline.replaceAll(event.messages, event.older);
        event.messages.forEach((message) => this.#outbox.saw(message, this.#you.id));
        this.#messages.drawAll();
        this.#scroll.toEnd();
        break;
      case 'replay':
        this.#scroll.following(() => event.messages.forEach((message) => this.#show(message)));
        break;
      case 'ready':
        this.#change = Math.max(this.#change ?? 0, event.change);
        this.#socket.settle();
        this.#goLive();
        break;
      case 'older':
        this.#showOlder(event);
        break;
      case 'message':
        this.#messageCame(event.message);
        break;
      case 'edited':
      case 'deleted':
        this.#outbox.confirmed(event.type === 'edited' ? 'edit' : 'delete', event.message.id);
        this.#scroll.following(() => this.#show(event.message));
        break;
      case 'presence':
        this.#people.moved(event);
        event.departed.forEach((id) => this.#typing.forget(id));
        break;
      case 'members':
        this.#people.membersChanged(event);
        break;
      case 'gone':
        this.#typing.forget(event.user_id);
        this.#timeline.forgetName(event.user_id).forEach((index) => this.#messages.drawAt(index, false));
        break;
      case 'typing':
        if (event.user.id !== this.#you.id) this.#typing.heard(event.user);
        break;
      case 'refused':
        this.#refused(event);
        break;
      case 'session_ended':
        this.dispatchEvent(new CustomEvent('ended', { detail: event }));
        break;
      default:
        throw new Error(`a conversation has no event “${event.type}”`);
    }
  }

  /** Puts a message where it belongs; says whether it is new here. Changes come in their order. */
  #show(message) {
    this.#change = Math.max(this.#change ?? 0, message.change);
    this.#outbox.saw(message, this.#you.id);
    const place = this.#timeline.put(message);
    if (place === null) return false;
    this.#messages.drawAt(place.index, place.fresh);
    if (message.deleted_at !== null) closeEdit(this.#messages.row(message.id));
    return place.fresh;
  }

  #messageCame(message) {
    const own = message.author.id === this.#you.id;
    this.#typing.forget(message.author.id);
    let fresh = false;
    this.#scroll.following(() => { fresh = this.#show(message); });
    this.#trim();
    if (!fresh) return;
    if (!own) {
      this.#scroll.countUnseen();
      if (!this.#looking) this.dispatchEvent(new Event('arrived'));
    }
    this.#readSoon();
  }

  #trim() {
    const editing = document.querySelector('.edit-form') !== null;
    if (this.#timeline.length <= ROWS_MAX || !this.#scroll.atEnd || editing) return;
    this.#scroll.keepingPlace(() => this.#messages.forget(this.#timeline.keepLatest(ROWS_KEPT)));
  }

  #askOlder() {
    const { oldest, hasOlder, awaitsOlder } = this.#timeline;
    if (!this.#live || awaitsOlder || !hasOlder || oldest === null) return;
    if (this.#socket.send({ type: 'older', before: oldest.id })) this.#timeline.awaitOlder();
  }

  #showOlder({ before, messages, older }) {
    if (before !== this.#timeline.oldest?.id) {
      this.#timeline.forgetOlder();
      return;
    }
    const hadFocus = document.activeElement === byId('load-older');
    this.#scroll.keepingPlace(() => {
      this.#messages.drawOlder(this.#timeline.prepend(messages, older));
    });
    if (hadFocus && !older) byId('scroller').focus({ preventScroll: true });
  }

  #refused(event) {
    if (event.request === 'older') this.#timeline.forgetOlder();
    if (event.request === 'read') this.#readAgain(event.retry_after_ms ?? READ_AGAIN_MS);
    this.#outbox.refused(event);
    if (event.reason === 'not_member') this.#expel();
  }

  #goLive() {
    this.#live = true;
    this.#timeline.forgetOlder();
    this.#connection.show('live');
    this.dispatchEvent(new Event('live'));
    this.#outbox.setLive(true);
    this.#messages.drawWishes(true);
    // A report may have gone down with the connection before.
    this.#readAgain(0);
  }

  /** From here on nothing is sent: after a log-in as someone else it would go out under their name. */
  #expel() {
    this.#expelled = true;
    this.#live = false;
    this.#outbox.setLive(false);
    this.dispatchEvent(new Event('expelled'));
  }

  #stateChanged({ name, retryAt }) {
    this.#live = false;
    this.#outbox.setLive(false);
    this.#typing.forgetAll();
    this.#messages.drawWishes(false);
    switch (name) {
      case 'connecting':
      case 'open':
        // Between two attempts it stays offline: the change to and fro would only flicker.
        this.#connection.show(this.#connection.name === 'offline' ? 'offline' : 'connecting');
        break;
      case 'waiting':
        this.#connection.show('offline', retryAt);
        break;
      case 'ended':
        this.#connection.show('ended');
        this.dispatchEvent(new CustomEvent('ended', { detail: null }));
        break;
      case 'expelled':
        this.#expel();
        break;
      default:
        throw new Error(`a socket has no state “${name}”`);
    }
  }

  #wishesChanged() {
    this.#scroll.following(() => this.#messages.drawWishes(this.#live));
    this.#connection.waiting = this.#outbox.waiting;
  }

  #submit() {
    const { message } = this.#field;
    if (message === null) {
      byId('text').focus();
      return;
    }
    this.#outbox.addMessage(message);
    this.#field.text = '';
    this.#memory.write('draft', '');
    this.#typing.rest();
    this.#scroll.toEnd();
  }

  async #clicked({ target }) {
    const row = target.closest('.message');
    if (!row) return;
    const { key } = row.querySelector('.wish').dataset;
    if (target.closest('.wish-again')) this.#outbox.tryAgain(key);
    if (target.closest('.wish-discard')) this.#outbox.discard(key);
    const message = this.#timeline.get(Number(row.dataset.id));
    if (message === null) return;
    if (target.closest('.tool-edit')) this.#edit(message);
    if (target.closest('.tool-delete') && await confirmDelete(message.content)) {
      this.#outbox.addDeletion(message.id);
      byId('text').focus();
    }
  }

  #edit(message) {
    const wish = this.#outbox.about(message.id);
    openEdit(this.#messages.row(message.id), wish?.content ?? message.content, {
      save: (text) => this.#outbox.addEdit(message.id, text),
      close: () => byId('text').focus(),
    });
  }

  #editLatest() {
    const latest = this.#timeline.findLast(
      ({ author, deleted_at }) => author.id === this.#you.id && deleted_at === null,
    );
    if (latest !== null) this.#edit(latest);
  }

  /** Whether the user can be taken to read what comes. */
  get #looking() {
    return !document.hidden && this.#scroll.atEnd;
  }

  /** Reports what was read: at once, or when the pause since the last report is over. */
  #readSoon() {
    clearTimeout(this.#readTimer);
    const rest = this.#readFrom - Date.now();
    if (rest > 0) {
      this.#readTimer = setTimeout(() => this.#readSoon(), rest);
      return;
    }
    const newestId = this.#timeline.newest?.id ?? 0;
    if (!this.#live || !this.#looking) return;
    this.#readFrom = Date.now() + READ_REST_MS;
    this.dispatchEvent(new Event('read'));
    if (newestId <= this.#readUpTo) return;
    if (this.#socket.send({ type: 'read', message_id: newestId })) this.#readUpTo = newestId;
  }

  /** What was reported may not have been noted: it is reported again, in so many milliseconds. */
  #readAgain(pauseMs) {
    this.#readUpTo = 0;
    this.#readFrom = Math.max(this.#readFrom, Date.now() + pauseMs);
    this.#readSoon();
  }
}
