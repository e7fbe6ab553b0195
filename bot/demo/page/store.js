// What the page knows, kept fresh by the workspace's feed, and what the visitor does.

import { names } from "./mrkdwn.js";
import { speak, t } from "./words.js";

export const state = {
  ready: false,
  online: false,
  users: new Map(), groups: new Map(), channels: new Map(), messages: new Map(),
  me: null, team: {}, app: { commands: [], shortcuts: [], steps: [] }, direct: null,
  modals: [], home: null, panel: null, sockets: 0,
  place: null, // a channel's id, or "home"
  threadOf: null, // ts of the open thread's parent
  unread: new Map(),
};

const listeners = new Set();

/** Call `listener(what)` after every change: "all", "message", "modals", "home", "panel"… */
export function onChange(listener) {
  listeners.add(listener);
}

/** Tell everyone that something changed. */
export function changed(what, detail) {
  for (const listener of listeners) listener(what, detail);
}

const toast = { show: () => {} };
/** Where notices go; main.js sets it. */
export function onNotice(show) {
  toast.show = show;
}

/** Show a notice for an error code of the workspace. */
export function notice(error) {
  const known = t(error);
  toast.show(known === error ? t("something_wrong", { error }) : known, "bad");
}

// ---------------------------------------------------------------- the feed

let wantedUser = new URLSearchParams(location.search).get("user") || remembered("user");
let socket = null;
let failures = 0;

function remembered(key) {
  try { return localStorage.getItem(key); } catch { return null; }
}

/** Keep a choice for the next visit. */
export function remember(key, value) {
  try { localStorage.setItem(key, value); } catch { /* storage may be off */ }
}

/** Follow the workspace, for ever: a lost feed comes back with a fresh snapshot. */
export function connect() {
  const query = wantedUser ? `?user=${encodeURIComponent(wantedUser)}` : "";
  const mine = new WebSocket(`${location.origin.replace(/^http/, "ws")}/feed${query}`);
  socket = mine;
  mine.onmessage = (event) => {
    if (socket !== mine) return;
    failures = 0;
    receive(JSON.parse(event.data));
  };
  mine.onclose = () => {
    if (socket !== mine) return;
    state.online = false;
    failures += 1;
    changed("online");
    setTimeout(connect, Math.min(4000, 200 * 2 ** Math.min(failures, 5)));
  };
}

/** Become another person of the workspace. */
export function become(user) {
  wantedUser = user;
  remember("user", user);
  state.threadOf = null;
  const old = socket;
  socket = null;
  old?.close();
  connect();
}

const RECEIVERS = {
  snapshot(event) {
    Object.assign(state, {
      team: event.team, app: event.app, direct: event.direct, modals: event.modals,
      home: event.home, panel: event.panel, sockets: event.sockets, online: true,
    });
    roster(event);
    state.messages = new Map(
      Object.entries(event.messages).map(([id, list]) => [id, new Map(list.map((m) => [m.ts, m]))]),
    );
    const first = !state.ready;
    state.ready = true;
    changed("all", { first });
  },
  roster(event) {
    roster(event);
    state.panel = event.panel;
    changed("all", {});
  },
  message(event) {
    if (!state.messages.has(event.channel)) state.messages.set(event.channel, new Map());
    const messages = state.messages.get(event.channel);
    const known = messages.has(event.ts);
    if (event.message) messages.set(event.ts, event.message);
    else messages.delete(event.ts);
    const news = event.message && !known && event.message.user !== state.me;
    if (news && state.place !== event.channel) {
      state.unread.set(event.channel, (state.unread.get(event.channel) || 0) + 1);
    }
    changed("message", { channel: event.channel, news });
  },
  modals(event) { state.modals = event.modals; changed("modals"); },
  home(event) { state.home = event.home; changed("home"); },
  panel(event) { state.panel = event.panel; changed("panel"); },
  sockets(event) { state.sockets = event.count; changed("sockets"); },
  notice(event) { notice(event.error); },
  step(event) {
    const outputs = Object.entries(event.outputs).map(([name, value]) => `${name}: ${value}`).join(" · ");
    toast.show(event.error ? t("step_failed", { title: event.title, error: event.error })
      : t("step_completed", { title: event.title, outputs }), event.error ? "bad" : "good");
  },
};

function receive(event) {
  RECEIVERS[event.type]?.(event);
}

function roster(event) {
  state.me = event.me;
  state.users = new Map(event.users.map((u) => [u.id, u]));
  state.groups = new Map(event.groups.map((g) => [g.id, g]));
  state.channels = new Map(event.channels.map((c) => [c.id, c]));
  names.user = (id) => state.users.get(id)?.name || id;
  names.channel = (id) => state.channels.get(id)?.name || id;
  names.group = (id) => state.groups.get(id)?.handle || id;
  names.isMe = (id) => id === state.me;
  speak(state.users.get(state.me)?.locale);
}

// ---------------------------------------------------------------- doing things

/** Tell the workspace what the visitor did; returns {ok, error}. */
export async function act(action, values = {}) {
  let answer;
  try {
    const response = await fetch(`/do/${action}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user: state.me, ...values }),
    });
    answer = await response.json();
  } catch {
    answer = { ok: false, error: "offline" };
  }
  return answer;
}

/** Go to a channel or "home". */
export function go(place, thread = null) {
  state.place = place;
  state.threadOf = thread;
  state.unread.delete(place);
  const hash = place === "home" ? "#home" : `#${place}${thread ? `/${thread}` : ""}`;
  if (location.hash !== hash) history.pushState(null, "", `/${location.search}${hash}`);
  if (place === "home") act("home");
  changed("place");
}

/** Where the address bar points: #channel/thread, or a permalink /archives/C…/p…. */
export function placeOfAddress() {
  const link = /^\/archives\/(\w+)\/p(\d+)(\d{6})$/.exec(location.pathname);
  if (link) {
    const parent = new URLSearchParams(location.search).get("thread_ts");
    return { place: link[1], thread: parent, highlight: `${link[2]}.${link[3]}` };
  }
  const [place, thread] = location.hash.slice(1).split("/");
  return { place: place || null, thread: thread || null };
}

/** The messages of a channel's own timeline, oldest first. */
export function timeline(channel) {
  const all = [...(state.messages.get(channel)?.values() || [])];
  return all
    .filter((m) => !m.thread_ts || m.thread_ts === m.ts || m.broadcast)
    .sort((a, b) => (a.ts < b.ts ? -1 : 1));
}

/** A thread: its parent, then what was answered, ephemerals among it. */
export function threadOf(channel, ts) {
  const all = [...(state.messages.get(channel)?.values() || [])];
  return all
    .filter((m) => m.ts === ts || m.thread_ts === ts)
    .sort((a, b) => (a.ts < b.ts ? -1 : 1));
}
