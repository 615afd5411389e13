// The chat page: ties the news, the conversation and the panels together. What they do stands in their own modules.

import { Conversation } from './conversation.js';
import { confirmForgetting } from './editing.js';
import { GroupsView } from './groups.js';
import { byId } from './markup.js';
import { Memory, forgetOthers } from './memory.js';
import { News } from './news.js';
import { watchPanels } from './panels.js';
import { PeopleView } from './people.js';
import { leaveIfLoggedOut, sessionEnded } from './session.js';
import { Socket } from './socket.js';

const { groupId, userId, userName } = byId('chat').dataset;
const group = Number(groupId);
const you = { id: Number(userId), name: userName };
const isMember = document.querySelector('[data-conversation]') !== null;
let leaving = false;

/** Goes to another page; what is unsent stays in this tab's memory, so there is nothing to ask. */
function leave(path) {
  leaving = true;
  location.assign(path);
}

/** The server decides what this address shows now: the conversation, or the invitation to join. */
function reload() {
  leave(`/chat/${group}`);
}

function openConversation(news, people) {
  const memory = new Memory(you.id, group);
  const conversation = new Conversation({ groupId: group, you, people, memory });
  conversation.addEventListener('arrived', () => news.setUnread(group, (news.groups.get(group)?.unread ?? 0) + 1));
  conversation.addEventListener('read', () => news.setUnread(group, 0));
  conversation.addEventListener('expelled', reload);
  conversation.addEventListener('unopened', () => leaveIfLoggedOut(leave));
  conversation.start();
  return conversation;
}

/** Whoever leaves with unsent messages is asked: log-out forgets them, closing the tab loses them. */
function guardUnsent(conversation) {
  document.addEventListener('submit', async (event) => {
    const form = event.target;
    if (new URL(form.action).pathname !== '/logout' || leaving) return;
    if (conversation.unsent > 0) {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (!await confirmForgetting(conversation.unsent)) return;
      leaving = true;
      form.requestSubmit();
    }
  }, { capture: true });
  addEventListener('beforeunload', (event) => {
    if (!leaving && conversation.unsent > 0) event.preventDefault();
  });
}

function readNews() {
  const news = new News(group);
  const socket = new Socket(() => '/ws');
  socket.addEventListener('event', ({ detail }) => {
    socket.settle();
    news.receive(detail);
  });
  socket.addEventListener('unopened', () => leaveIfLoggedOut(leave));
  news.addEventListener('ended', ({ detail }) => {
    leaving = true;
    sessionEnded(detail, leave);
  });
  news.addEventListener('groups', () => {
    const current = news.groups.get(group);
    const changed = news.you?.id !== you.id || (current && current.joined !== isMember);
    if (changed && !leaving) reload();
  });
  return { news, socket };
}

forgetOthers(you.id);
watchPanels();
const { news, socket } = readNews();
new GroupsView(news, group);
const people = new PeopleView(news, you.id);
if (isMember) guardUnsent(openConversation(news, people));
socket.start();
