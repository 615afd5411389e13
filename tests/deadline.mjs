// Waits for a condition, never for a time: whoever waits says for what, and how long that may take at most.

const POLL_EVERY_MS = 20;

/** The first truthy answer of `condition` (which may be async). Fails with `what` after `withinMs`. */
export async function until(what, condition, withinMs = 10_000) {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await condition();
    if (answer) return answer;
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await after(POLL_EVERY_MS);
  }
}

/** `promise`, or a failure with `what` if it takes longer than `withinMs`. */
export function withDeadline(what, promise, withinMs = 10_000) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${withinMs} ms in vain: ${what}`)), withinMs);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** For pacing (a limit of so many a second), not for hoping. */
export function after(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
