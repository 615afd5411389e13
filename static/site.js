// What every page does: local times, the badge's explanation, and forgetting at log-out.

import { forgetEverything, forgetIfDue, forgetUnlessBackOn } from './memory.js';
import { fullDate } from './time.js';

const { page } = document.body.dataset;

forgetIfDue(page);

document.querySelectorAll('time[data-local]').forEach((element) => {
  element.textContent = fullDate(Date.parse(element.dateTime));
});

addEventListener('submit', ({ target }) => {
  const { pathname } = new URL(target.action);
  if (pathname === '/logout') forgetEverything();
  if (pathname === '/account/delete') forgetUnlessBackOn(page);
});

const opened = () => document.querySelectorAll('details[data-closes][open]');

addEventListener('click', ({ target }) => {
  opened().forEach((details) => { details.open = details.contains(target); });
});

addEventListener('keydown', ({ key }) => {
  if (key !== 'Escape') return;
  opened().forEach((details) => {
    details.open = false;
    details.querySelector('summary').focus();
  });
});
