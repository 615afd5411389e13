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
    if (name !== '') panelOf(name).querySelector('.panel-close').focus();
  };
  const close = () => {
    show('');
    opener?.focus();
  };

  chat.addEventListener('click', (event) => {
    const button = event.target.closest('[data-panel]');
    if (button && button.dataset.panel !== '') {
      opener = button;
      show(button.dataset.panel);
    } else if (button || event.target === chat) {
      close();
    }
  });
  // Whoever tabs on, out of the panel, is done with it.
  addEventListener('focusin', ({ target }) => {
    if (chat.dataset.open && !panelOf(chat.dataset.open).contains(target)) show('');
  });
  addEventListener('keydown', ({ key }) => {
    if (key === 'Escape' && chat.dataset.open) close();
  });
  addEventListener('resize', () => {
    if (chat.dataset.open && !floats(chat.dataset.open)) show('');
  });
}
