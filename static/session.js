// What to do when the session may be over. The server's pages decide; this only finds the way to them.

import { forgetEverything } from './memory.js';
import { byId } from './markup.js';

const LOGIN = '/login';

let asking = false;

/** A handshake failed and the browser keeps the status to itself: ask a page instead, and `leave` if need be. */
export async function leaveIfLoggedOut(leave) {
  if (asking) return;
  asking = true;
  try {
    const answer = await fetch('/account', { method: 'HEAD', redirect: 'manual', cache: 'no-store' });
    if (answer.type === 'opaqueredirect' || answer.status === 401) leave(LOGIN);
  } catch {
    // The server cannot be reached at all: the socket goes on trying.
  } finally {
    asking = false;
  }
}

/** The server said that the session ended, and why. */
export function sessionEnded({ reason, text }, leave) {
  switch (reason) {
    case 'logged_out':
    case 'account_deleted':
      forgetEverything();
      leave(LOGIN);
      break;
    case 'expired':
    case 'leaked':
      // Unsent text stays in this tab, for the same user only: it goes out after the next log-in.
      byId('session-ended-text').textContent = text;
      // There is nothing to go back to: Escape does not close this one.
      byId('session-ended').addEventListener('cancel', (event) => event.preventDefault());
      byId('session-ended').showModal();
      break;
    default:
      throw new Error(`no session ends for the reason “${reason}”`);
  }
}
