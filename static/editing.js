// Changing one's own messages: a form in place of the text, and a question before deleting.

import { Field } from './composer.js';
import { byId, copyOf, part } from './markup.js';

/** Opens a form in `row`; `save` gets the new text, `close` is called once the form is gone. */
export function openEdit(row, text, { save, close }) {
  const existing = row.querySelector('.edit-form');
  if (existing) {
    part(existing, 'textarea').focus();
    return;
  }
  const form = copyOf('edit-form');
  const field = new Field(part(form, 'textarea'), part(form, '.counter'));
  const finish = () => {
    closeEdit(row);
    close();
  };
  const submit = () => {
    const { message } = field;
    if (message === null) return;
    if (message !== text) save(message);
    finish();
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    submit();
  });
  part(form, '.edit-cancel').addEventListener('click', finish);
  form.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    finish();
  });
  field.onEnter(submit);
  row.classList.add('editing');
  part(row, '.text').after(form);
  field.text = text;
  field.focusAtEnd();
  row.scrollIntoView({ block: 'nearest' });
}

export function closeEdit(row) {
  row.querySelector('.edit-form')?.remove();
  row.classList.remove('editing');
}

/** Asks whether to delete a message with this text; answers true or false. */
export function confirmDelete(text) {
  byId('delete-dialog-text').textContent = text;
  return ask(byId('delete-dialog'), 'delete');
}

/** Asks whether to log out although so many messages were not sent. */
export function confirmForgetting(count) {
  byId('unsent-dialog-text').textContent = count === 1
    ? 'One message was not sent yet. Logging out forgets it.'
    : `${count} messages were not sent yet. Logging out forgets them.`;
  return ask(byId('unsent-dialog'), 'leave');
}

function ask(dialog, yes) {
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => resolve(dialog.returnValue === yes), { once: true });
  });
}
