// The list of messages on the page: rows in the order of the timeline, a line between days, unsent ones at the end.
// It draws what the timeline and the outbox hold, and never decides what they hold.

import { byId, copyOf, part } from './markup.js';
import { drawStored, drawWaiting } from './message_row.js';
import { dayKey, dayName } from './time.js';

/** A screen reader is kept from reading out pages of history for so long after they came in. */
const QUIET_MS = 1_000;

export class MessagesView {
  #timeline;
  #outbox;
  #you;
  #list = byId('messages');
  #waitingList = byId('waiting');
  #log = byId('log');
  #rows = new Map();
  #days = new Map();
  #quietTimer = 0;

  constructor(timeline, outbox, you) {
    this.#timeline = timeline;
    this.#outbox = outbox;
    this.#you = you;
  }

  row(id) {
    return this.#rows.get(id) ?? null;
  }

  /** Draws all anew. Rows of messages that were here stay themselves, with an edit that is open in them. */
  drawAll() {
    this.#quietly(() => {
      const kept = new Map();
      for (let index = 0; index < this.#timeline.length; index += 1) {
        const { id } = this.#timeline.at(index);
        kept.set(id, this.#rows.get(id) ?? copyOf('message-row'));
      }
      this.#rows = kept;
      this.#days.clear();
      this.#list.replaceChildren(...kept.values());
      for (let index = 0; index < this.#timeline.length; index += 1) this.#draw(index);
    });
    this.#drawBeginning();
  }

  /** Draws the first `count` messages, which are new. */
  drawOlder(count) {
    this.#quietly(() => {
      const fragment = document.createDocumentFragment();
      for (let index = 0; index < count; index += 1) {
        const row = copyOf('message-row');
        this.#rows.set(this.#timeline.at(index).id, row);
        fragment.append(row);
      }
      this.#list.prepend(fragment);
      // The message that was the oldest has one before it now.
      for (let index = 0; index <= count; index += 1) this.#draw(index);
    });
    this.#drawBeginning();
  }

  /** Draws the message at `index`, which came or changed. */
  drawAt(index, fresh) {
    if (fresh) {
      const row = copyOf('message-row');
      const following = this.#timeline.at(index + 1);
      const before = following && (this.#days.get(following.id) ?? this.#rows.get(following.id));
      this.#rows.set(this.#timeline.at(index).id, row);
      this.#list.insertBefore(row, before ?? null);
    }
    this.#draw(index);
    if (fresh) this.#draw(index + 1);
  }

  /** Takes out the rows of messages that the timeline forgot. */
  forget(messages) {
    messages.forEach(({ id }) => {
      this.#rows.get(id)?.remove();
      this.#rows.delete(id);
      this.#setDay(id, null);
    });
    this.#draw(0);
    this.#drawBeginning();
  }

  /** Draws what waits in the outbox: unsent messages at the end, edits and deletions at their message. */
  drawWishes(live) {
    const unsent = this.#outbox.wishes.filter((wish) => wish.type === 'send');
    const rows = new Map([...this.#waitingList.children].map((row) => [row.dataset.key, row]));
    const wanted = unsent.map((wish) => {
      const row = rows.get(wish.key) ?? copyOf('message-row');
      row.dataset.key = wish.key;
      drawWaiting(row, wish, { you: this.#you, live });
      return row;
    });
    [...rows.values()].filter((row) => !wanted.includes(row)).forEach((row) => row.remove());
    wanted.forEach((row, index) => {
      if (this.#waitingList.children[index] !== row) {
        this.#waitingList.insertBefore(row, this.#waitingList.children[index] ?? null);
      }
    });
    for (let index = 0; index < this.#timeline.length; index += 1) {
      const { id } = this.#timeline.at(index);
      const marked = !part(this.#rows.get(id), '.wish').hidden;
      if (marked || this.#outbox.about(id)) this.#draw(index);
    }
  }

  #draw(index) {
    const message = this.#timeline.at(index);
    if (message === null) return;
    const previous = this.#timeline.at(index - 1);
    drawStored(this.#rows.get(message.id), message, {
      previous,
      wish: this.#outbox.about(message.id),
      yourId: this.#you.id,
    });
    const newDay = previous === null || dayKey(previous.created_at) !== dayKey(message.created_at);
    this.#setDay(message.id, newDay ? message.created_at : null);
  }

  #setDay(id, millis) {
    const line = this.#days.get(id);
    if (millis === null) {
      line?.remove();
      this.#days.delete(id);
    } else if (!line) {
      const fresh = copyOf('day-row');
      this.#days.set(id, fresh);
      part(fresh, 'time').dateTime = dayKey(millis);
      this.#rows.get(id).before(fresh);
      this.#nameDays();
    }
  }

  /** “Today” becomes “Yesterday” when a day begins. */
  #nameDays() {
    this.#days.forEach((line) => {
      const time = part(line, 'time');
      const [year, month, day] = time.dateTime.split('-').map(Number);
      time.textContent = dayName(new Date(year, month - 1, day).getTime());
    });
  }

  #drawBeginning() {
    byId('load-older').hidden = !this.#timeline.hasOlder;
    byId('beginning').hidden = this.#timeline.hasOlder;
  }

  #quietly(change) {
    this.#log.setAttribute('aria-live', 'off');
    change();
    clearTimeout(this.#quietTimer);
    this.#quietTimer = setTimeout(() => this.#log.setAttribute('aria-live', 'polite'), QUIET_MS);
  }
}
