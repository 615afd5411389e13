// What this tab remembers over a reload: drafts and unsent messages, per user and group, until log-out.
// Only sessionStorage, never anything that another tab or a later user of this browser could read.

const PREFIX = 'secure-chat/';
const FORGET_MARK = `${PREFIX}forget`;

export class Memory {
  #prefix;

  constructor(userId, groupId) {
    this.#prefix = `${PREFIX}${userId}/${groupId}/`;
  }

  /** What was kept under `name`, or `otherwise`. */
  read(name, otherwise) {
    try {
      return JSON.parse(sessionStorage.getItem(this.#prefix + name)) ?? otherwise;
    } catch {
      return otherwise;
    }
  }

  /** Keeps `value`; says whether that worked (storage can be full or forbidden). */
  write(name, value) {
    try {
      sessionStorage.setItem(this.#prefix + name, JSON.stringify(value));
      return true;
    } catch {
      return false;
    }
  }
}

export function forgetEverything() {
  forgetWhere(() => true);
}

/** Someone else logged in on this tab: what was typed before is not for their eyes. */
export function forgetOthers(userId) {
  forgetWhere((key) => !key.startsWith(`${PREFIX}${userId}/`));
}

/** Deleting the account may fail for a wrong password, so the forgetting waits for the next page. */
export function forgetUnlessBackOn(page) {
  try {
    sessionStorage.setItem(FORGET_MARK, page);
  } catch {
    forgetEverything();
  }
}

/** Called on every page: carries out what `forgetUnlessBackOn` left to be done. */
export function forgetIfDue(page) {
  try {
    const staysOn = sessionStorage.getItem(FORGET_MARK);
    if (staysOn === null) return;
    sessionStorage.removeItem(FORGET_MARK);
    if (staysOn !== page) forgetEverything();
  } catch {
    // Without storage there is nothing to forget.
  }
}

function forgetWhere(matches) {
  try {
    Object.keys(sessionStorage)
      .filter((key) => key.startsWith(PREFIX) && matches(key))
      .forEach((key) => sessionStorage.removeItem(key));
  } catch {
    // Without storage there is nothing to forget.
  }
}
