// The items of one connection, and the rows of its timeline: what stands beside what, for Eve, for the server, for both.
// Plain data: nothing of elements or sockets.

/** Whose eyes: Eve has the records and no keys, the server has the messages, we have both. */
export const MODES = ['eve', 'server', 'both'];

/** Whether these eyes can read it: Eve does where it crosses in clear, not through a record. */
export function isReadable(item, mode) {
  return mode !== 'eve' || (item.eve !== undefined && item.kind !== 'record');
}

/** Whether these eyes see that a thief would want it. */
export function showsSecret(item, mode) {
  return Boolean(item.secret) && isReadable(item, mode);
}

/** Whether two items are the same thing, perhaps grown: a timeline that begins anew may number things otherwise. */
export function isSame(one, other) {
  return one.kind === other.kind && one.from === other.from && one.begun === other.begun && one.wire[0] === other.wire[0];
}

export class Items {
  #list = [];
  #layered = false;

  get length() {
    return this.#list.length;
  }

  at(number) {
    return this.#list[number] ?? null;
  }

  all() {
    return this.#list;
  }

  clear() {
    this.#list = [];
    this.#layered = false;
  }

  /** Takes new items and new states of known ones. */
  take(items) {
    items.forEach((item) => {
      this.#list[item.number] = item;
      this.#layered ||= item.kind === 'record';
    });
  }

  /** Whether there are two layers: records, and what they carried. */
  get layered() {
    return this.#layered;
  }

  related(item) {
    return (item?.related ?? []).map((number) => this.#list[number]).filter(Boolean);
  }

  /** The item that stands for this one in that mode: what Eve sees of a message is its first record, and so on. */
  counterpart(item, mode) {
    if (item === null || seen(item, mode)) return item;
    return this.related(item).find((other) => seen(other, mode)) ?? null;
  }
}

/** Whether an item exists for those who look. */
export function seen(item, mode) {
  if (mode === 'eve') return item.eve !== undefined;
  return mode !== 'server' || item.kind !== 'record' || item.related === undefined;
}

/** What an item is called by those who look. */
export function titleOf(item, mode) {
  return mode === 'eve' ? item.eve ?? '' : item.title;
}

/**
 * The rows of the timeline. A row is a record and something that it carried, or one of them alone:
 * `record`, `message`  the items, or null;
 * `opens`, `ends`      whether this is the first, the last row of its record;
 * `part`, `parts`      which piece of the message this is, of how many.
 * `wanted` says whether an item passes the filter.
 */
export function rowsOf(items, mode, wanted) {
  const rows = [];
  items.all().forEach((item) => {
    if (!item) return;
    if (mode !== 'server' && item.kind === 'record') addRecord(rows, items, item, mode);
    else if (seen(item, mode) && (mode === 'server' || !carried(items, item))) rows.push(alone(item));
  });
  return rows.filter(({ record, message }) => (record && wanted(record)) || (message && wanted(message)));
}

function addRecord(rows, items, record, mode) {
  const messages = items.related(record).filter((message) => seen(message, mode));
  if (messages.length === 0) {
    rows.push({ ...alone(record), record, message: null });
    return;
  }
  messages.forEach((message, index) => {
    const records = message.related ?? [];
    rows.push({
      key: `${record.number}/${message.number}`,
      record,
      message,
      opens: index === 0,
      ends: index === messages.length - 1,
      part: records.indexOf(record.number),
      parts: records.length,
    });
  });
}

function alone(item) {
  return { key: String(item.number), record: null, message: item, opens: true, ends: true, part: 0, parts: 1 };
}

/** Whether a record of the timeline stands for it already. */
function carried(items, item) {
  return item.kind !== 'record' && items.related(item).some(({ kind }) => kind === 'record');
}

/** The item of a row that opens with it: what was said, or what carried it if that is all there is. */
export function mainItem(row) {
  return row.message ?? row.record;
}
