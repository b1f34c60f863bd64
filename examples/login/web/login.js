/*
 * Gets a token for a name and a password, and connects with it.
 *
 * A browser cannot put a header on a WebSocket, so the token goes where it can put something:
 * among the subprotocols. It is kept in no storage, only as long as it takes to connect.
 */
"use strict";

const EXPIRED = 4401; /* the code with which jwt.so closes */

const at = (id) => document.getElementById(id);
const loginUrl = document.querySelector("meta[name=login]").content;
const roomUrl = location.origin.replace(/^http/, "ws") + "/";
let socket = null;

function show(state, text) {
  at("state").dataset.state = state;
  at("state").textContent = text;
  at("login").hidden = state === "open";
  at("room").hidden = state !== "open";
}

/* ---- Who am I? -------------------------------------------------------------------------- */

async function getToken(name, password) {
  const answer = await fetch(loginUrl, {
    method: "POST",
    body: new URLSearchParams({ name, password }),
  });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.message);
  return content.token;
}

async function logIn() {
  show("connecting", "Logging in…");
  try {
    connect(await getToken(at("name").value, at("password").value));
  } catch (error) {
    show("out", `Not logged in: ${error.message}`);
  }
  at("password").value = "";
}

/* ---- The socket ------------------------------------------------------------------------- */

function connect(token) {
  show("connecting", "Connecting…");
  const protocols = token ? ["jackfield.jwt", token, "room.v1"] : ["room.v1"];
  socket = new WebSocket(roomUrl, protocols);
  socket.onmessage = (event) => onFrame(JSON.parse(event.data));
  socket.onclose = onClose;
}

/* Why it was refused, a page is not told: only that it never opened. */
function onClose({ code }) {
  const wasIn = at("state").dataset.state === "open";
  socket = null;
  if (code === EXPIRED) show("out", "Your token has expired. Log in again.");
  else if (code === 1000) show("out", "You have left.");
  else if (wasIn) show("out", "The connection is lost. Log in again.");
  else show("refused", "Refused: the room is for those who have a token.");
}

function onFrame(frame) {
  if (frame.type === "welcome") {
    at("log").replaceChildren();
    const until = new Date(frame.expires * 1000).toLocaleTimeString();
    show("open", `You are ${frame.name}, until ${until}.`);
  } else if (frame.type === "said") {
    addLine(`${frame.from}: ${frame.text}`);
  } else {
    addLine(frame.message);
  }
}

/* As text only, never as markup. */
function addLine(text) {
  const line = document.createElement("p");
  line.textContent = text;
  at("log").append(line);
  line.scrollIntoView();
}

/* ---- The hands on the page -------------------------------------------------------------- */

at("login").addEventListener("submit", (event) => {
  event.preventDefault();
  logIn();
});
at("without").addEventListener("click", () => connect(null));
at("say").addEventListener("submit", (event) => {
  event.preventDefault();
  socket.send(JSON.stringify({ action: "say", text: at("text").value }));
  at("text").value = "";
});
at("leave").addEventListener("click", () => socket.close(1000));
