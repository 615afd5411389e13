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
/** A `session_ended` comes just before its socket closes; this long it may take to tell why. */
const REASON_WITHIN_MS = 1_000;
let leaving = false;

/** Goes to another page; what is unsent stays in this tab's memory, so there is nothing to ask. */
function leave(path) {
  if (leaving) return;
  leaving = true;
  location.assign(path);
}

/** The server decides what this address shows now: the conversation, or the invitation to join. */
function reload() {
  leave(`/chat/${group}`);
}

/** The session is over, and both sockets say so. An explanation that came stays on the screen. */
function ended({ detail }) {
  if (leaving) return;
  if (detail === null) {
    setTimeout(() => leave('/login'), REASON_WITHIN_MS);
  } else {
    sessionEnded(detail, leave);
    leaving = true;
  }
}

function openConversation(news, newsSocket, people) {
  const memory = new Memory(you.id, group);
  const conversation = new Conversation({ groupId: group, you, people, memory });
  conversation.addEventListener('arrived', () => news.setUnread(group, (news.groups.get(group)?.unread ?? 0) + 1));
  conversation.addEventListener('read', () => news.setUnread(group, 0));
  conversation.addEventListener('live', () => newsSocket.nudge());
  conversation.addEventListener('expelled', reload);
  conversation.addEventListener('ended', ended);
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
    const editing = document.querySelector('.edit-form') !== null;
    if (!leaving && (editing || conversation.unsent > 0)) event.preventDefault();
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
  socket.addEventListener('state', ({ detail }) => {
    if (detail.name === 'ended') ended({ detail: null });
  });
  news.addEventListener('ended', ended);
  news.addEventListener('groups', () => {
    const current = news.groups.get(group);
    if (news.you?.id !== you.id || (current && current.joined !== isMember)) reload();
  });
  return { news, socket };
}

forgetOthers(you.id);
watchPanels();
const { news, socket } = readNews();
new GroupsView(news, group);
const people = new PeopleView(news, you.id);
if (isMember) guardUnsent(openConversation(news, socket, people));
socket.start();
