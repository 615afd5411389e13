// Changes what stands on the page in place: what stays the same is not touched, so that neither focus nor selection is lost, and
// nothing is read out twice.

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Lets the children of `parent` follow `items`: `keyOf` names each, `create()` makes an empty element, `fill(element, item)` says
 * what there is to say.
 */
export function follow(parent, items, { keyOf, create, fill }) {
  const wanted = new Map(items.map((item) => [String(keyOf(item)), item]));
  const there = new Map();
  // Those that go, go first: then those that stay need not move.
  [...parent.children].forEach((child) => {
    if (wanted.has(child.dataset.key)) there.set(child.dataset.key, child);
    else child.remove();
  });
  [...wanted].forEach(([key, item], index) => {
    const child = there.get(key) ?? create();
    child.dataset.key = key;
    fill(child, item);
    if (parent.children[index] !== child) parent.insertBefore(child, parent.children[index] ?? null);
  });
}
