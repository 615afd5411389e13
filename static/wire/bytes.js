// Bytes and the fields they belong to: one side of what is shown of an item, all its panes one behind the other.
// Plain data: which byte belongs to which field, and which bytes of the other side carried it.

/** A tree opens from the top until so many of its fields show. */
const OPEN_ROWS_MAX = 40;
const HUES = 6;
/** A field with more than this share of its pane is shown by the colours of its parts. */
const GREAT_SHARE = 0.4;
/** What stands behind this field in a frame is masked with it (RFC 6455 §5.3). */
export const MASKING_KEY = 'Masking-key';

/** Two hexadecimal digits a byte. */
export function fromHex(hex) {
  const bytes = new Uint8Array(hex.length / 2);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = Number.parseInt(hex.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}

export function hexOf(byte) {
  return byte.toString(16).padStart(2, '0');
}

/** As a dump shows it: what is not printable ASCII is a dot. */
export function printable(byte) {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
}

/**
 * One field with its place in the tree: `id` its number within the side, `pane` its pane, `from` and `to` its bytes there,
 * `parts` the ids of its parts.
 */
class Node {
  constructor(id, field, pane, parent, depth) {
    this.id = id;
    this.field = field;
    this.pane = pane;
    this.parent = parent;
    this.depth = depth;
    [this.from, this.to] = field.at;
    this.parts = [];
    this.hue = -1;
    this.isOpen = false;
  }
}

export class Side {
  /**
   * [{ title, item, offset, bytes, cut, start, maskedFrom }]; `start` is where its bytes begin in the side, `maskedFrom` where those
   * of a frame are masked.
   */
  panes = [];
  nodes = [];
  roots = [];
  length = 0;
  /** The innermost field of each byte. */
  #leaves = [];

  constructor(panes) {
    panes.forEach((pane, index) => {
      const bytes = fromHex(pane.bytes);
      this.panes.push({ title: pane.title, item: pane.item, offset: pane.offset, cut: pane.cut ?? 0, bytes, start: this.length, maskedFrom: Infinity });
      this.#leaves.push(new Int32Array(bytes.length).fill(-1));
      this.#grow(pane.tree, index);
      this.length += bytes.length;
    });
    this.#open();
    this.#colour();
  }

  get isEmpty() {
    return this.panes.length === 0;
  }

  /** Makes nodes of a tree, each before its parts. */
  #grow(tree, pane) {
    const waiting = [[tree, null]];
    while (waiting.length > 0) {
      const [field, parent] = waiting.pop();
      const node = new Node(this.nodes.length, field, pane, parent?.id ?? -1, parent === null ? 0 : parent.depth + 1);
      this.nodes.push(node);
      if (parent === null) this.roots.push(node.id);
      else parent.parts.push(node.id);
      if (field.name === MASKING_KEY) this.panes[pane].maskedFrom = node.to;
      // Parts come later and overwrite what their whole has claimed. Bits have no byte for themselves.
      if (field.mask === undefined) this.#leaves[pane].fill(node.id, node.from, node.to);
      const parts = field.parts ?? [];
      for (let index = parts.length - 1; index >= 0; index -= 1) waiting.push([parts[index], node]);
    }
  }

  /** Opens level after level, as long as there is room. */
  #open() {
    let rows = this.roots.length;
    const waiting = [...this.roots];
    for (let next = 0; next < waiting.length; next += 1) {
      const node = this.nodes[waiting[next]];
      const fits = node.depth === 0 || rows + node.parts.length <= OPEN_ROWS_MAX;
      if (node.parts.length === 0 || !fits) continue;
      node.isOpen = true;
      rows += node.parts.length;
      waiting.push(...node.parts);
    }
  }

  /** Gives the larger parts a colour each. */
  #colour() {
    let hue = 0;
    const waiting = this.roots.toReversed();
    while (waiting.length > 0) {
      const node = this.nodes[waiting.pop()];
      const parts = node.parts.filter((id) => this.nodes[id].field.mask === undefined);
      // What is most of its pane and is divided itself would be one great blot: its parts have the colours.
      const isGreat = node.to - node.from > this.panes[node.pane].bytes.length * GREAT_SHARE;
      if (parts.length > 0 && isGreat) {
        waiting.push(...parts.toReversed());
      } else {
        this.#dye(node.id, hue % HUES);
        hue += 1;
      }
    }
  }

  #dye(id, hue) {
    const waiting = [id];
    while (waiting.length > 0) {
      const node = this.nodes[waiting.pop()];
      node.hue = hue;
      waiting.push(...node.parts);
    }
  }

  /** The pane that a byte of the side stands in. */
  paneAt(at) {
    return this.panes.findLast(({ start }) => start <= at) ?? null;
  }

  /** The innermost field of a byte of the side, or null. */
  leafAt(at) {
    const pane = this.panes.findLastIndex(({ start }) => start <= at);
    return this.nodes[this.#leaves[pane]?.[at - this.panes[pane].start]] ?? null;
  }

  /** The bytes of a field, counted over the whole side. */
  rangeOf(node) {
    const { start } = this.panes[node.pane];
    return [start + node.from, start + node.to];
  }

  /** Whether the bytes of a field are masked, so that they are not what it says. */
  isMasked(node) {
    return node.from >= this.panes[node.pane].maskedFrom;
  }

  /** A field and all it is part of, outermost first. */
  pathOf(node) {
    const path = [];
    for (let step = node; step; step = this.nodes[step.parent]) path.unshift(step);
    return path;
  }

  /** The fields that are not hidden within a closed one, in their order. */
  visible() {
    const rows = [];
    const waiting = this.roots.toReversed();
    while (waiting.length > 0) {
      const node = this.nodes[waiting.pop()];
      rows.push(node);
      if (node.isOpen) waiting.push(...node.parts.toReversed());
    }
    return rows;
  }

  /** Opens all that a field is hidden in; says whether anything was closed. */
  uncover(node) {
    const closed = this.pathOf(node).slice(0, -1).filter(({ isOpen }) => !isOpen);
    closed.forEach((step) => { step.isOpen = true; });
    return closed.length > 0;
  }
}

/** Which bytes of the one side carried which bytes of the other. */
export class Alignment {
  /** [{ inside: [from, to], wire: [from, to] }], counted over the whole sides. */
  #runs;

  constructor(aligned, wire, inside) {
    this.#runs = aligned.map(([insidePane, insideFrom, insideTo, wirePane, wireFrom, wireTo]) => ({
      inside: shifted(inside.panes[insidePane], insideFrom, insideTo),
      wire: shifted(wire.panes[wirePane], wireFrom, wireTo),
    }));
  }

  /** The bytes of the other side for the bytes `from` to `to` of `side`, which is `wire` or `inside`. */
  across(side, from, to) {
    const other = side === 'wire' ? 'inside' : 'wire';
    return this.#runs
      .map((run) => {
        const begin = Math.max(from, run[side][0]);
        const end = Math.min(to, run[side][1]);
        const shift = run[other][0] - run[side][0];
        return [begin + shift, end + shift];
      })
      .filter(([begin, end]) => begin < end);
  }
}

function shifted(pane, from, to) {
  const start = pane?.start ?? 0;
  return [start + from, start + to];
}
