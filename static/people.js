// Draws who is in this conversation now, who of its members is online elsewhere, who is away, and who else is online.
// It holds the conversation's part of that, where there is a conversation; the rest it reads from the news.

import { byId, copyOf, part, showAvatar, shownName } from './markup.js';

/** So many rows of one kind are drawn; of the rest only the number. */
const ROWS_MAX = 200;

const byName = new Intl.Collator('en', { sensitivity: 'base', numeric: true });

export class PeopleView {
  #news;
  #you;
  /** Null on the page of a group that one has not joined. */
  #members = null;
  #present = new Map();
  #frame = 0;

  constructor(news, yourId) {
    this.#news = news;
    this.#you = yourId;
    news.addEventListener('online', () => this.#changed());
  }

  replace(members, present) {
    this.#members = new Map(members.map((user) => [user.id, user]));
    this.#present = new Map(present.map((person) => [person.id, person]));
    this.#changed();
  }

  moved({ arrived, departed }) {
    arrived.forEach((person) => this.#present.set(person.id, person));
    departed.forEach((id) => this.#present.delete(id));
    this.#changed();
  }

  membersChanged({ joined, left }) {
    joined.forEach((user) => this.#members.set(user.id, user));
    left.forEach((id) => this.#members.delete(id));
    this.#changed();
  }

  /** Many may come and go at once: drawing waits for the next frame. */
  #changed() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const { online } = this.#news;
    byId('online-count').textContent = `${online.size} online in all`;
    if (this.#members === null) {
      byId('people').replaceChildren(...this.#section('Online', 'other', [...online.values()]));
      return;
    }
    const members = [...this.#members.values()];
    const here = [...this.#present.values()];
    const elsewhere = members.filter(({ id }) => online.has(id) && !this.#present.has(id)).map(({ id }) => online.get(id));
    const away = members.filter(({ id }) => !online.has(id) && !this.#present.has(id));
    const others = [...online.values()].filter(({ id }) => !this.#members.has(id) && !this.#present.has(id));
    byId('people').replaceChildren(
      ...this.#section('Here now', 'here', here),
      ...this.#section('Online elsewhere', 'elsewhere', elsewhere),
      ...this.#section('Away', 'away', away),
      ...this.#section('Online, not in this group', 'other', others),
    );
    byId('presence-line').textContent = `${counted(members.length, 'member')}, ${here.length} here`;
  }

  #section(title, kind, people) {
    if (people.length === 0) return [];
    const heading = document.createElement('h3');
    heading.textContent = `${title} (${people.length})`;
    const list = document.createElement('ul');
    list.className = `person-list ${kind}`;
    const shown = people.sort((a, b) => byName.compare(shownName(a), shownName(b))).slice(0, ROWS_MAX);
    list.append(...shown.map((person) => this.#row(person)));
    if (people.length > shown.length) {
      const rest = document.createElement('li');
      rest.textContent = `and ${people.length - shown.length} more`;
      list.append(rest);
    }
    return [heading, list];
  }

  #row(person) {
    const row = copyOf('person-row');
    showAvatar(part(row, '.avatar'), person);
    part(row, '.person-name').textContent = shownName(person) + (person.id === this.#you ? ' (you)' : '');
    part(row, '.addresses').textContent = (person.addresses ?? []).join('\n');
    return row;
  }
}

function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
