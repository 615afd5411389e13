// Moments as people read them, in the reader's own zone. Everything takes UTC milliseconds.

const clockFormat = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
});
const dateFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long', day: 'numeric', month: 'long', year: 'numeric',
});
const fullFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long', day: 'numeric', month: 'long', year: 'numeric',
  hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23', timeZoneName: 'short',
});

/** `14:03:22` */
export function clock(millis) {
  return clockFormat.format(millis);
}

/** `Monday 3 November 2025 at 14:03:22 CET` */
export function fullDate(millis) {
  return fullFormat.format(millis);
}

/** `2025-11-03`, equal for two moments of one day. */
export function dayKey(millis) {
  const date = new Date(millis);
  const two = (number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** `Today`, `Yesterday` or the date. */
export function dayName(millis) {
  const today = new Date();
  const yesterday = new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1);
  const key = dayKey(millis);
  if (key === dayKey(today.getTime())) return 'Today';
  if (key === dayKey(yesterday.getTime())) return 'Yesterday';
  return dateFormat.format(millis);
}

/** Fills a `<time>` with the clock; date and zone show on pointing at it. */
export function showClock(element, millis) {
  element.dateTime = new Date(millis).toISOString();
  element.title = fullDate(millis);
  element.textContent = clock(millis);
}
