// Draws the list of groups, and keeps the counts in the tab's title.
// Rows are kept and changed in place, so that the keyboard's focus never falls off one.

import { byId, copyOf, part } from './markup.js';

/** A count above this is shown as `99+`. */
const UNREAD_SHOWN_MAX = 99;

const byName = new Intl.Collator('en', { sensitivity: 'base', numeric: true });

export class GroupsView {
  #news;
  #currentId;
  #rows = new Map();
  #title = document.title;

  constructor(news, currentId) {
    this.#news = news;
    this.#currentId = currentId;
    news.addEventListener('groups', () => this.#draw());
  }

  #draw() {
    const groups = [...this.#news.groups.values()].sort((a, b) => byName.compare(a.name, b.name));
    const joined = groups.filter((group) => group.joined);
    const others = groups.filter((group) => !group.joined);
    this.#fill(byId('groups-joined'), joined);
    this.#fill(byId('groups-other'), others);
    byId('groups-other-heading').hidden = others.length === 0;
    const unread = this.#news.unreadTotal;
    document.title = unread > 0 ? `(${shortened(unread)}) ${this.#title}` : this.#title;
    byId('unread-elsewhere').hidden = !joined.some(({ id, unread: count }) => id !== this.#currentId && count > 0);
  }

  #fill(list, groups) {
    const rows = groups.map((group) => this.#row(group));
    [...list.children].filter((row) => !rows.includes(row)).forEach((row) => row.remove());
    rows.forEach((row, index) => {
      if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    });
  }

  #row({ id, name, joined, unread }) {
    const row = this.#rows.get(id) ?? copyOf('group-row');
    this.#rows.set(id, row);
    const link = part(row, '.group');
    link.href = `/chat/${id}`;
    part(row, '.group-name').textContent = name;
    part(row, '.unread').hidden = !joined || unread === 0;
    part(row, '.unread-count').textContent = shortened(unread);
    if (id === this.#currentId) link.setAttribute('aria-current', 'page');
    return row;
  }
}

function shortened(count) {
  return count > UNREAD_SHOWN_MAX ? `${UNREAD_SHOWN_MAX}+` : String(count);
}
