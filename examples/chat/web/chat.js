/*
 * The page's side of the chat room: one socket that comes back by itself, and the lines it
 * brings. Frames are described on top of plugins/chat/chat.c.
 *
 * What others wrote enters the page as textContent only, never as markup.
 */
"use strict";

const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 30000;
const LINES_MAX = 500;
const TINTS = 6;

const at = (id) => document.getElementById(id);
const page = {
  state: at("state"), stateText: at("state-text"), countdown: at("countdown"),
  online: at("online"), who: at("who"), name: at("name"),
  log: at("log"), newer: at("newer"),
  composer: at("composer"), text: at("text"), send: at("send"),
};

/* ---- What is remembered ----------------------------------------------------------------- */

const memory = {
  get name() {
    try { return localStorage.getItem("name") || ""; } catch { return this.kept || ""; }
  },
  set name(value) {
    this.kept = value;
    try { localStorage.setItem("name", value); } catch { /* a private window */ }
  },
};

/* ---- The log ---------------------------------------------------------------------------- */

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
let lastSpeaker = null; /* whose bubbles are being stacked */

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function isAtEnd() {
  return page.log.scrollHeight - page.log.scrollTop - page.log.clientHeight < 60;
}

function scrollToEnd() {
  page.log.scrollTop = page.log.scrollHeight;
  page.newer.hidden = true;
}

/* Someone who has scrolled up is reading: tell, and let them be. */
function addItem(item, follow) {
  const stay = !follow && !isAtEnd();
  page.log.append(item);
  while (page.log.childElementCount > LINES_MAX) page.log.firstElementChild.remove();
  if (stay) page.newer.hidden = false;
  else scrollToEnd();
}

function addLine(text, kind = "") {
  lastSpeaker = null;
  addItem(element("p", `line ${kind}`, text), false);
}

function tintOf(name) {
  let sum = 0;
  for (const c of name) sum = (sum * 31 + c.charCodeAt(0)) >>> 0;
  return `tint-${sum % TINTS}`;
}

function addMessage({ id, from, message, at: ms }, own) {
  const when = new Date(ms);
  const item = element("div", "said");
  item.classList.toggle("own", own);
  item.classList.toggle("again", lastSpeaker === id);
  lastSpeaker = id;

  const time = element("time", "at", clock.format(when));
  time.dateTime = when.toISOString();
  const text = element("span", "text", message);
  text.dir = "auto";
  const bubble = element("div", "bubble");
  bubble.append(text, time);
  item.append(element("span", `from ${tintOf(from)}`, own ? "You" : from), bubble);
  addItem(item, own);
}

/* ---- The socket ------------------------------------------------------------------------- */

let socket = null;
let ownId = null;
let attempts = 0; /* since we were last welcomed */
let retryAt = 0;
let retryTimer = 0;
let wasOpen = false;

/* The state is read aloud when it changes; the seconds are only shown. */
function showState(state, text, countdown = "") {
  page.state.dataset.state = state;
  if (page.stateText.textContent !== text) page.stateText.textContent = text;
  page.countdown.textContent = countdown;
  page.send.disabled = state !== "open";
}

function socketUrl() {
  const url = new URL("/", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  if (memory.name) url.searchParams.set("name", memory.name);
  return url.href;
}

function connect() {
  clearTimeout(retryTimer);
  retryTimer = 0;
  disconnect();
  showState("connecting", wasOpen ? "Reconnecting…" : "Connecting…");
  socket = new WebSocket(socketUrl());
  socket.onmessage = onFrame;
  socket.onclose = onClose;
}

/* Let go of a socket without hearing of its end. */
function disconnect() {
  if (!socket) return;
  socket.onmessage = socket.onclose = null;
  socket.close(1000);
  socket = null;
}

/* A server that cannot reach its other nodes does not know how many there are. */
function showOnline(online) {
  page.online.textContent = online ?? "–";
}

function onClose() {
  socket = null;
  showOnline();
  if (ownId !== null) addLine("The connection is lost.");
  ownId = null;
  /* Twice as long each time, and anywhere in the upper half of it, so that those who lost
   * the same server do not come back all at once. */
  const most = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** attempts);
  const delay = most * (0.5 + Math.random() / 2);
  attempts++;
  retryAt = Date.now() + delay;
  waitForRetry();
}

function waitForRetry() {
  const left = retryAt - Date.now();
  if (left <= 0) {
    connect();
    return;
  }
  const seconds = Math.ceil(left / 1000);
  const text = navigator.onLine === false ? "Offline, retrying" : "Retrying";
  showState("waiting", text, ` in ${seconds} s`);
  retryTimer = setTimeout(waitForRetry, Math.min(left, 1000));
}

/* A good moment to try at once: the network is back, or someone looks at us again. */
function hurry() {
  if (retryTimer) connect();
}

function onFrame(event) {
  let frame;
  try {
    frame = JSON.parse(event.data);
  } catch {
    frame = null;
  }
  const handler = frame && Object.hasOwn(handlers, frame.type) ? handlers[frame.type] : null;
  if (handler) handler(frame);
  else if (frame && typeof frame.message === "string") addLine(frame.message, "error");
}

const handlers = {
  welcome({ id, name, online }) {
    const known = wasOpen;
    ownId = id;
    attempts = 0;
    wasOpen = true;
    showOnline(online);
    page.name.placeholder = memory.name ? "guest" : name;
    showState("open", "Connected");
    addLine(known ? `You are back as ${name}.` : `You are in the room as ${name}.`);
  },
  joined({ id, name, online }) {
    showOnline(online);
    if (id !== ownId) addLine(`${name} joined.`);
  },
  left({ name, online }) {
    showOnline(online);
    addLine(`${name} left.`);
  },
  message(frame) {
    addMessage(frame, frame.id === ownId);
  },
  error({ message }) {
    addLine(message, "error");
  },
};

/* ---- The hands on the page -------------------------------------------------------------- */

function fitText() {
  page.text.style.height = "auto";
  page.text.style.height = `${page.text.scrollHeight + 2}px`;
}

function say() {
  const message = page.text.value.trim();
  if (!message || !socket || ownId === null) return;
  socket.send(JSON.stringify({ action: "onMessage", message }));
  page.text.value = "";
  fitText();
}

function takeName() {
  const name = page.name.value.trim();
  page.name.value = name;
  if (name === memory.name) return;
  memory.name = name;
  ownId = null; /* leaving on purpose is no loss */
  attempts = 0;
  connect();
}

page.composer.addEventListener("submit", (event) => {
  event.preventDefault();
  say();
  page.text.focus();
});
page.text.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  say();
});
page.text.addEventListener("input", fitText);
page.who.addEventListener("submit", (event) => {
  event.preventDefault();
  page.text.focus(); /* and so the name field changes */
});
page.name.addEventListener("change", takeName);
page.log.addEventListener("scroll", () => {
  if (isAtEnd()) page.newer.hidden = true;
});
page.newer.addEventListener("click", scrollToEnd);
window.addEventListener("resize", () => {
  if (page.newer.hidden) scrollToEnd();
});
window.addEventListener("online", hurry);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) hurry();
});
/* A page kept for the back button must not keep its place in the room. */
window.addEventListener("pagehide", disconnect);
window.addEventListener("pageshow", (event) => {
  if (event.persisted) connect();
});

page.name.value = memory.name;
fitText();
connect();
