// What the page knows from `/ws`: the groups, what is unread in them, and who is online.
// A model fed with events; drawing is done by groups.js and people.js.

/**
 * `groups`  some group, membership or count changed;
 * `online`  people came or went;
 * `hello`   all is fresh from the server;
 * `ended`   detail is { reason, text }: the session is over.
 */
export class News extends EventTarget {
  /** id → { id, name, joined, unread } */
  groups = new Map();
  /** id → person */
  online = new Map();
  you = null;
  #currentGroupId;

  /** What is unread in the current group, its conversation knows better than the gathered news. */
  constructor(currentGroupId) {
    super();
    this.#currentGroupId = currentGroupId;
  }

  get unreadTotal() {
    return [...this.groups.values()].reduce((sum, { joined, unread }) => sum + (joined ? unread : 0), 0);
  }

  setUnread(groupId, unread) {
    const group = this.groups.get(groupId);
    if (!group || group.unread === unread) return;
    group.unread = unread;
    this.#tell('groups');
  }

  receive(event) {
    switch (event.type) {
      case 'hello':
        this.you = event.you;
        this.groups = byIds(event.groups);
        this.online = byIds(event.online);
        this.#tell('hello');
        this.#tell('groups');
        this.#tell('online');
        break;
      case 'group':
        this.groups.set(event.group.id, { joined: false, unread: 0, ...this.groups.get(event.group.id), ...event.group });
        this.#tell('groups');
        break;
      case 'joined':
        this.#setJoined(event.group_id, true);
        break;
      case 'left':
        this.#setJoined(event.group_id, false);
        break;
      case 'activity':
        event.groups.forEach((activity) => this.#count(activity));
        this.#tell('groups');
        break;
      case 'read':
        this.setUnread(event.group_id, event.unread);
        break;
      case 'presence':
        event.arrived.forEach((person) => this.online.set(person.id, person));
        event.departed.forEach((id) => this.online.delete(id));
        this.#tell('online');
        break;
      case 'session_ended':
        this.dispatchEvent(new CustomEvent('ended', { detail: event }));
        break;
      default:
        throw new Error(`the news have no event “${event.type}”`);
    }
  }

  #setJoined(groupId, joined) {
    const group = this.groups.get(groupId);
    if (!group) return;
    group.joined = joined;
    group.unread = 0;
    this.#tell('groups');
  }

  #count({ id, new: counts }) {
    const group = this.groups.get(id);
    if (!group || id === this.#currentGroupId) return;
    counts
      .filter(({ author_id }) => author_id !== this.you.id)
      .forEach(({ count }) => { group.unread += count; });
  }

  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}

function byIds(items) {
  return new Map(items.map((item) => [item.id, item]));
}
