// One item taken apart: what crossed the network beside what the application sees, bytes and fields of each.
// Pointing at a byte marks its field and the bytes on the other side that it became; pointing at a field marks its bytes.

import { part } from '../markup.js';
import { drawArithmetic } from './arithmetic.js';
import { Alignment, Side } from './bytes.js';
import { Explanation } from './explanation.js';
import { FieldTree } from './field_tree.js';
import { HexView } from './hex_view.js';
import { bytesOf, moment } from './words.js';

const SIDES = ['wire', 'inside'];
const OTHER = { wire: 'inside', inside: 'wire' };
const NOTHING = { name: null, node: null, at: null };

export class Inspector {
  #element;
  #explanation;
  /** name → { element, hex, tree, side } */
  #views = {};
  #alignment = new Alignment([], new Side([]), new Side([]));
  /** What the mouse or the cursor is on, and what was chosen before: { name, node, at }. */
  #pointed = NOTHING;
  #kept = NOTHING;

  constructor(element) {
    this.#element = element;
    this.#explanation = new Explanation(part(element, '.explanation'));
    SIDES.forEach((name) => {
      const side = part(element, `.side-${name}`);
      const hex = new HexView(part(side, '.hex'));
      const tree = new FieldTree(part(side, '.tree'));
      this.#views[name] = { element: side, hex, tree, side: new Side([]) };
      hex.addEventListener('point', ({ detail }) => this.#pointByte(name, detail));
      tree.addEventListener('point', ({ detail }) => this.#pointField(name, detail));
    });
  }

  /** Shows `item`, taken apart as `shown`, to the eyes of `mode`. `isFresh` unless it is the item that was there, grown. */
  show(item, shown, mode, isFresh) {
    const panes = sidesFor(shown, mode);
    this.#element.dataset.sides = panes.wire.length > 0 && panes.inside.length > 0 ? 'two' : 'one';
    SIDES.forEach((name) => {
      const view = this.#views[name];
      view.side = new Side(panes[name]);
      view.element.hidden = view.side.isEmpty;
      view.hex.show(view.side, !isFresh);
      view.tree.show(view.side, !isFresh);
      part(view.element, '.side-size').textContent = view.side.isEmpty ? '' : bytesOf(view.side.length);
    });
    const both = this.#element.dataset.sides === 'two';
    this.#alignment = new Alignment(both ? shown.aligned : [], this.#views.wire.side, this.#views.inside.side);
    part(this.#element, '.side-wire .side-name').textContent = shown.inside.length > 0 || mode === 'eve' ? 'On the wire' : 'On the wire, in clear';
    this.#head(item, mode, shown);
    drawArithmetic(part(this.#element, '.arithmetic'), mode === 'eve' ? [] : shown.arithmetic);
    this.#pointed = NOTHING;
    const { name, node } = this.#kept;
    const same = isFresh || name === null ? undefined : this.#views[name].side.nodes[node.id];
    this.#kept = same === undefined ? NOTHING : { name, node: same, at: null };
    this.#mark();
    if (isFresh) this.#keepBest(item.kind);
  }

  #head(item, mode, shown) {
    const title = mode === 'eve' ? item.eve ?? item.title : item.title;
    part(this.#element, '.item-title').textContent = title;
    const took = item.ended > item.begun ? `, complete ${moment(item.ended - item.begun)} later` : '';
    part(this.#element, '.item-facts').textContent = `No. ${item.number} · ${item.kind.replaceAll('_', ' ')} · from the ${item.from} · ${bytesOf(item.len)} · at ${moment(item.begun)}${took}${item.open ? ' · not whole yet' : ''}`;
    const problem = part(this.#element, '.item-problem');
    problem.textContent = item.problem ?? '';
    problem.hidden = item.problem === undefined;
    const note = part(this.#element, '.item-note');
    note.textContent = noteOn(shown, mode);
    note.hidden = note.textContent === '';
  }

  /** What a thief would want is shown at once; of a frame, what was said. */
  #keepBest(kind) {
    const isSecret = ({ field, parts }) => field.secret && parts.length === 0;
    const isSaid = ({ field }) => kind === 'frame' && field.value?.text !== undefined;
    const name = SIDES.findLast((each) => !this.#views[each].side.isEmpty);
    if (name === undefined) return;
    const { side, hex, tree } = this.#views[name];
    // The last: a password stands in the content, behind the cookies.
    const node = side.nodes.findLast(isSecret) ?? side.nodes.findLast(isSaid);
    if (node === undefined) return;
    this.#kept = { name, node, at: null };
    if (isSecret(node)) hex.reveal(side.rangeOf(node)[0]);
    tree.reveal(node, true);
    this.#followAcross(name, this.#kept, true);
    this.#mark();
  }

  #pointByte(name, { at, kept }) {
    const { side, tree } = this.#views[name];
    const node = at === null ? null : side.leafAt(at);
    const pointed = at === null ? NOTHING : { name, node, at };
    if (kept) this.#kept = pointed;
    this.#pointed = pointed;
    if (node !== null) tree.reveal(node, kept);
    this.#followAcross(name, pointed, kept);
    this.#mark();
  }

  #pointField(name, { node, kept }) {
    const { side, hex } = this.#views[name];
    const pointed = node === null ? NOTHING : { name, node, at: null };
    if (kept) this.#kept = pointed;
    this.#pointed = pointed;
    if (node !== null && node.to > node.from) hex.reveal(side.rangeOf(node)[0]);
    this.#followAcross(name, pointed, kept);
    this.#mark();
  }

  /** Scrolls the other side to the bytes that carried this. */
  #followAcross(name, pointed, kept) {
    const [first] = pointed.at === null ? this.#across(name, pointed) : this.#across(name, pointed, true);
    if (first === undefined) return;
    const { side, hex, tree } = this.#views[OTHER[name]];
    hex.reveal(first[0]);
    const leaf = side.leafAt(first[0]);
    if (leaf !== null) tree.reveal(leaf, kept);
  }

  /** The bytes of the other side for a field, or for one byte of it. */
  #across(name, { node, at }, byte = false) {
    if (name === null || node === null || (byte && at === null)) return [];
    const [from, to] = byte ? [at, at + 1] : this.#views[name].side.rangeOf(node);
    return this.#alignment.across(name, from, to);
  }

  #mark() {
    const now = this.#pointed.node === null ? this.#kept : this.#pointed;
    const across = this.#across(now.name, now);
    const [carrier = [0, 0]] = this.#across(now.name, now, true);
    SIDES.forEach((name) => {
      const { side, hex, tree } = this.#views[name];
      const isHere = now.name === name && now.node !== null;
      const range = isHere ? side.rangeOf(now.node) : [0, 0];
      const kept = this.#kept.name === name && this.#kept.node !== null ? side.rangeOf(this.#kept.node) : [0, 0];
      const carried = isHere || now.node === null ? [] : across;
      hex.mark((at) => marksOfByte(at, { range, pointed: isHere ? now.at : null, kept, carried, carrier: isHere ? [0, 0] : carrier }));
      const carriers = new Set(carried.map(([from]) => side.leafAt(from)).filter(Boolean).map((leaf) => tree.nearestShown(leaf)));
      const shown = isHere ? tree.nearestShown(now.node) : null;
      const keptNode = this.#kept.name === name ? this.#kept.node : null;
      tree.mark((node) => [
        node === shown ? 'marked' : '',
        carriers.has(node) ? 'carried' : '',
        node === keptNode ? 'kept' : '',
      ].filter(Boolean));
    });
    // With nothing pointed at, the whole is explained.
    const name = now.name ?? SIDES.findLast((each) => !this.#views[each].side.isEmpty) ?? 'wire';
    const { side } = this.#views[name];
    this.#explanation.show(now.node ?? side.nodes[0] ?? null, side, sentenceAcross(now.name, across));
  }
}

/** The panes for these eyes: Eve has no inside; the server looks inside, if there is one. */
function sidesFor(shown, mode) {
  const { on_the_wire: wire, inside } = shown;
  if (mode === 'eve' || inside.length === 0) return { wire, inside: [] };
  return mode === 'server' ? { wire: [], inside } : { wire, inside };
}

function noteOn(shown, mode) {
  if (mode === 'eve' && shown.inside.length > 0) return 'Without the keys this is all there is.';
  return '';
}

function marksOfByte(at, { range, pointed, kept, carried, carrier }) {
  const marks = [];
  if (at >= range[0] && at < range[1]) marks.push('marked');
  if (at === pointed) marks.push('pointed');
  if (at >= kept[0] && at < kept[1]) marks.push('kept');
  if (carried.some(([from, to]) => at >= from && at < to)) marks.push('carried');
  if (at >= carrier[0] && at < carrier[1]) marks.push('carrier');
  return marks;
}

function sentenceAcross(name, across) {
  if (across.length === 0) return '';
  const count = across.reduce((sum, [from, to]) => sum + to - from, 0);
  if (name === 'wire') return count === 1 ? 'Encrypted, it carried the byte marked inside.' : `Encrypted, they carried the ${count} bytes marked inside.`;
  return count === 1 ? 'It crossed the network as the encrypted byte marked there.' : `They crossed the network as the ${count} encrypted bytes marked there.`;
}
