// Finds and copies what the templates hold. Whatever a stranger wrote goes in through textContent alone.

/** The element of that id; a page without it is broken, so it says so at once. */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`the page has no element with the id “${id}”`);
  return element;
}

/** A fresh copy of the one element inside `<template id=…>`. */
export function copyOf(templateId) {
  return byId(templateId).content.firstElementChild.cloneNode(true);
}

/** The one descendant of `parent` that `selector` names. */
export function part(parent, selector) {
  const element = parent.querySelector(selector);
  if (!element) throw new Error(`nothing matches “${selector}”`);
  return element;
}

/** The name to show for a user; null stands for an account that was deleted. */
export function shownName(user) {
  return user.name ?? 'deleted account';
}

/** The disc beside a name: its first letter, in one of eight colours that the id picks. */
export function showAvatar(element, user) {
  element.textContent = user.name === null ? '–' : user.name.slice(0, 1).toUpperCase();
  element.dataset.hue = user.name === null ? 'none' : String(user.id % 8);
}
