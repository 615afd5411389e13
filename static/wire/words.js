// Sizes, moments and names as people read them.

const whole = new Intl.NumberFormat('en-GB');
const short = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });

/** `1 byte`, `16,384 bytes` */
export function bytesOf(count) {
  return `${whole.format(count)} ${count === 1 ? 'byte' : 'bytes'}`;
}

/** `517 B`, `12.3 kB`; number and unit stay on one line. */
export function shortBytes(count) {
  if (count < 10_000) return `${whole.format(count)}\u00a0B`;
  return count < 10_000_000 ? `${short.format(count / 1_000)}\u00a0kB` : `${short.format(count / 1_000_000)}\u00a0MB`;
}

/** Microseconds since the connection opened: `0.412 ms`, `1.203 s`, `2:05 min` */
export function moment(micros) {
  const millis = micros / 1_000;
  if (millis < 10) return `${millis.toFixed(2)} ms`;
  if (millis < 1_000) return `${millis.toFixed(1)} ms`;
  if (millis < 60_000) return `${(millis / 1_000).toFixed(3)} s`;
  const seconds = Math.floor(millis / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
  return `${Math.floor(seconds / 3_600)}:${String(Math.floor(seconds / 60) % 60).padStart(2, '0')} h`;
}

/** `1 record`, `3 records` */
export function counted(count, one, many = `${one}s`) {
  return `${whole.format(count)} ${count === 1 ? one : many}`;
}

/** With capital ASCII letters as small ones and all else as it is: the page finds what the server finds. */
export function folded(text) {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}
