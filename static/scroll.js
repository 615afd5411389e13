// The conversation's own scrolling: follows the newest message, keeps the place while older ones come in.

/** Closer to the end than this counts as being there. */
const AT_END_PX = 48;
/** Closer to the beginning than this, older messages are asked for. */
const NEAR_BEGINNING_PX = 600;

/**
 * `end`        the reader came to the newest message;
 * `beginning`  the reader comes near the oldest one here.
 */
export class Scroll extends EventTarget {
  #scroller;
  #button;
  #words;
  #atEnd = true;
  #unseen = 0;

  constructor(scroller, button, words) {
    super();
    this.#scroller = scroller;
    this.#button = button;
    this.#words = words;
    scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    button.addEventListener('click', () => {
      this.toEnd();
      scroller.focus({ preventScroll: true });
    });
    // A growing composer or an opening keyboard must not push the newest message out of sight.
    new ResizeObserver(() => {
      if (this.#atEnd) this.toEnd();
    }).observe(scroller);
  }

  get atEnd() {
    return this.#atEnd;
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#scrolled();
  }

  /** Runs `change`, which adds or removes above what is on screen; that stays where it is. */
  keepingPlace(change) {
    const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    change();
    this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
  }

  /** Runs `change`, which adds at the end; whoever was there stays there. */
  following(change) {
    const follow = this.#atEnd;
    change();
    if (follow) this.toEnd();
  }

  /** One more message that came while the reader was further up. */
  countUnseen() {
    if (this.#atEnd) return;
    this.#unseen += 1;
    this.#showButton();
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    this.#atEnd = scrollHeight - scrollTop - clientHeight <= AT_END_PX;
    if (this.#atEnd) {
      this.#unseen = 0;
      this.dispatchEvent(new Event('end'));
    }
    this.#showButton();
    if (scrollTop < NEAR_BEGINNING_PX) this.dispatchEvent(new Event('beginning'));
  }

  #showButton() {
    this.#button.hidden = this.#atEnd;
    this.#words.textContent = this.#unseen === 0
      ? 'Newest messages'
      : `${this.#unseen} new message${this.#unseen === 1 ? '' : 's'}`;
  }
}
