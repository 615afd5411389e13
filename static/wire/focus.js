// Where the keyboard's focus comes to, and where it goes when the part that held it is no longer shown.

/** Calls `enter` when the keyboard comes to an element; a mouse says itself where it is. */
export function onKeyboardFocus(element, enter) {
  element.addEventListener('focus', () => {
    if (element.matches(':focus-visible')) enter();
  });
}

/** Where one part of the page has replaced another that held the focus, `element` takes it over. */
export function takeFocusOver(element) {
  if (!document.activeElement.checkVisibility()) element.focus({ preventScroll: true });
}
