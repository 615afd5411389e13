// A field for a message: grows with its text, counts near the limit, sends on Enter.
// The same for a new message and for an edit; it never empties a text that was not taken over.

/** docs/PROTOCOL.md and the server: the longest message, in characters. */
const CHARS_MAX = 4_000;
/** From so many characters left, the counter shows. */
const COUNT_FROM_LEFT = 400;
/** The field grows up to this share of the window's height. */
const HEIGHT_SHARE = 0.4;

export class Field {
  #textarea;
  #counter;

  constructor(textarea, counter) {
    this.#textarea = textarea;
    this.#counter = counter;
    textarea.addEventListener('input', () => this.fit());
  }

  get text() {
    return this.#textarea.value;
  }

  set text(text) {
    this.#textarea.value = text;
    this.fit();
  }

  /** The text as it may be sent, or null if it is blank or too long. */
  get message() {
    const message = wellFormed(this.text).trimEnd();
    return message.trim() === '' || charsIn(message) > CHARS_MAX ? null : message;
  }

  focusAtEnd() {
    this.#textarea.focus();
    this.#textarea.setSelectionRange(this.text.length, this.text.length);
  }

  /** Calls `submit` on Enter; Shift+Enter is a new line, and an input method's Enter is its own. */
  onEnter(submit) {
    this.#textarea.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      submit();
    });
  }

  fit() {
    const { style } = this.#textarea;
    style.height = 'auto';
    const border = this.#textarea.offsetHeight - this.#textarea.clientHeight;
    style.height = `${Math.min(this.#textarea.scrollHeight + border, innerHeight * HEIGHT_SHARE)}px`;
    const left = CHARS_MAX - charsIn(this.text.trimEnd());
    this.#counter.textContent = left > COUNT_FROM_LEFT ? '' : countedLeft(left);
    this.#counter.classList.toggle('over', left < 0);
    this.#textarea.setAttribute('aria-invalid', String(left < 0));
  }
}

/** Unicode scalar values, as the server counts; text that is short anyway is not walked. */
function charsIn(text) {
  return text.length <= CHARS_MAX - COUNT_FROM_LEFT ? text.length : [...text].length;
}

/** Half a surrogate pair is not a character, and no JSON that the server could read. */
function wellFormed(text) {
  return text.replace(/\p{Surrogate}/gu, '\u{fffd}');
}

function countedLeft(left) {
  return left < 0 ? `${-left} characters too many` : `${left} characters left`;
}
