// How a record was opened, step by step: secret → key and IV → nonce → additional data → tag.

import { copyOf, part } from '../markup.js';

/** Draws the steps into a `<details>`; without any it is not there. */
export function drawArithmetic(details, steps) {
  details.hidden = steps.length === 0;
  part(details, '.steps').replaceChildren(...steps.map(({ name, value, meaning, source }) => {
    const row = copyOf('wire-step-row');
    part(row, '.step-name').textContent = name;
    part(row, '.step-value').textContent = value;
    part(row, '.step-meaning').textContent = meaning;
    part(row, '.step-source').textContent = source;
    return row;
  }));
}
