// The fields of one side as a tree: names, values, and where their bytes are.
// It says which field is pointed at, and marks those it is told to.

import { copyOf, part } from '../markup.js';
import { onKeyboardFocus } from './focus.js';
import { bitsOf, summaryOf } from './values.js';
import { VirtualList } from './virtual_list.js';

let trees = 0;

/**
 * `point`  detail is { node, kept }: the field that the mouse or the keyboard is on, or null; `kept` if it was chosen.
 */
export class FieldTree extends EventTarget {
  #element;
  #id = `tree-${trees += 1}`;
  #list;
  #side = null;
  #rows = [];
  #cursor = null;
  #marksOf = () => [];

  constructor(element) {
    super();
    this.#element = element;
    this.#list = new VirtualList(element, { create: () => copyOf('wire-field-row'), draw: (row, index) => this.#draw(row, index) });
    element.addEventListener('pointerover', ({ target }) => this.#tell(this.#nodeOf(target), false));
    element.addEventListener('pointerleave', () => this.#tell(null, false));
    element.addEventListener('click', (event) => this.#clicked(event));
    element.addEventListener('keydown', (event) => this.#key(event));
    onKeyboardFocus(element, () => this.#cursor === null && this.#rows.length > 0 && this.#moveTo(this.#rows[0]));
  }

  /** `grown`: the same fields as before, and more; then place and cursor stay, as far as the field is there. */
  show(side, grown) {
    this.#side = side;
    this.#cursor = grown && this.#cursor !== null ? side.nodes[this.#cursor.id] ?? null : null;
    if (!grown) this.#element.scrollTop = 0;
    if (this.#cursor === null) this.#element.removeAttribute('aria-activedescendant');
    this.#layOut();
  }

  mark(marksOf) {
    this.#marksOf = marksOf;
    this.#list.redraw();
  }

  /** Scrolls to a field; to what it is hidden in, unless it is to be uncovered. */
  reveal(node, uncover) {
    if (uncover && this.#side.uncover(node)) this.#layOut();
    const shown = this.nearestShown(node);
    const index = this.#rows.indexOf(shown);
    if (index >= 0) this.#list.reveal(index);
  }

  /** The field itself, or the one it is hidden in. */
  nearestShown(node) {
    const path = this.#side.pathOf(node);
    const closed = path.find(({ isOpen, parts }) => parts.length > 0 && !isOpen);
    return closed && closed !== node ? closed : node;
  }

  #layOut() {
    this.#rows = this.#side?.visible() ?? [];
    this.#list.show(this.#rows.length, this.#rows.indexOf(this.#cursor));
  }

  #draw(row, index) {
    const node = this.#rows[index];
    const { field } = node;
    row.id = `${this.#id}-${node.id}`;
    row.dataset.node = String(node.id);
    row.style.setProperty('--depth', String(node.depth));
    row.setAttribute('aria-level', String(node.depth + 1));
    const siblings = node.parent < 0 ? this.#side.roots : this.#side.nodes[node.parent].parts;
    row.setAttribute('aria-setsize', String(siblings.length));
    row.setAttribute('aria-posinset', String(siblings.indexOf(node.id) + 1));
    if (node.parts.length > 0) row.setAttribute('aria-expanded', String(node.isOpen));
    else row.removeAttribute('aria-expanded');
    row.setAttribute('aria-selected', String(this.#marksOf(node).includes('kept')));
    const tint = node.hue >= 0 ? `tint-${node.hue}` : '';
    const classes = ['field-row', tint, field.secret ? 'secret' : '', field.problem ? 'wrong' : '', node === this.#cursor ? 'cursor' : '', ...this.#marksOf(node)];
    row.className = classes.filter(Boolean).join(' ');
    part(row, '.field-bits').textContent = bitsOf(node, this.#side);
    part(row, '.field-name').textContent = field.name;
    part(row, '.field-value').textContent = summaryOf(node, this.#side);
    part(row, '.field-secret').hidden = !field.secret;
    part(row, '.field-problem').hidden = field.problem === undefined;
  }

  #nodeOf(target) {
    const row = target.closest?.('.field-row');
    return row ? this.#side.nodes[Number(row.dataset.node)] : null;
  }

  #clicked({ target }) {
    const node = this.#nodeOf(target);
    if (node === null) return;
    const again = node === this.#cursor;
    if (node.parts.length > 0 && (again || target.closest('.field-twist'))) this.#toggle(node, !node.isOpen);
    this.#moveTo(node, true);
  }

  #toggle(node, open) {
    node.isOpen = open;
    this.#layOut();
  }

  #key(event) {
    if (this.#rows.length === 0 || event.ctrlKey || event.altKey || event.metaKey) return;
    const node = this.#cursor ?? this.#rows[0];
    const index = this.#rows.indexOf(node);
    const last = this.#rows.length - 1;
    const step = (target) => this.#moveTo(this.#rows[Math.min(last, Math.max(0, target))]);
    switch (event.key) {
      case 'ArrowDown': step(index + 1); break;
      case 'ArrowUp': step(index - 1); break;
      case 'PageDown': step(index + this.#list.page); break;
      case 'PageUp': step(index - this.#list.page); break;
      case 'Home': step(0); break;
      case 'End': step(last); break;
      case 'ArrowRight':
        if (node.parts.length > 0 && !node.isOpen) this.#toggle(node, true);
        else if (node.parts.length > 0) step(index + 1);
        break;
      case 'ArrowLeft':
        if (node.isOpen) this.#toggle(node, false);
        else if (node.parent >= 0) this.#moveTo(this.#side.nodes[node.parent]);
        break;
      case 'Enter':
      case ' ':
        if (node.parts.length > 0) this.#toggle(node, !node.isOpen);
        this.#moveTo(node, true);
        break;
      default: return;
    }
    event.preventDefault();
  }

  #moveTo(node, kept = false) {
    this.#cursor = node;
    const index = this.#rows.indexOf(node);
    this.#list.pin(index);
    this.#list.reveal(index);
    this.#list.redraw();
    this.#element.setAttribute('aria-activedescendant', `${this.#id}-${node.id}`);
    this.#tell(node, kept);
  }

  #tell(node, kept) {
    this.dispatchEvent(new CustomEvent('point', { detail: { node, kept } }));
  }
}
