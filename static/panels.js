// Opens and closes the groups and people panels where the window is too narrow to show them beside the conversation.
// Whether it is, the style sheet decides: a panel that floats is one to open.

import { byId } from './markup.js';

export function watchPanels() {
  const chat = byId('chat');
  const panelOf = (name) => byId(`${name}-panel`);
  const floats = (name) => getComputedStyle(panelOf(name)).position === 'fixed';
  let opener = null;

  const show = (name) => {
    chat.dataset.open = name;
    document.querySelectorAll('[data-panel][aria-expanded]').forEach((button) => {
      button.setAttribute('aria-expanded', String(button.dataset.panel === name));
    });
    byId('main').inert = name !== '';
    if (name === '') {
      opener?.focus();
      opener = null;
    } else {
      panelOf(name).querySelector('.panel-close').focus();
    }
  };

  chat.addEventListener('click', (event) => {
    const button = event.target.closest('[data-panel]');
    if (button) {
      if (button.dataset.panel !== '') opener = button;
      show(button.dataset.panel === chat.dataset.open ? '' : button.dataset.panel);
    } else if (event.target === chat) {
      show('');
    }
  });
  addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && chat.dataset.open) show('');
  });
  addEventListener('resize', () => {
    if (chat.dataset.open && !floats(chat.dataset.open)) show('');
  });
}
