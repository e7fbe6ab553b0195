// Ties the parts together: every change of the store redraws what it concerns.

import { el, fill, icon } from "./dom.js";
import { composer } from "./composer.js";
import { showBar, showPanel, showSidebar, toggleSidebar } from "./frame.js";
import { showChannel, showHome, showThread } from "./messages.js";
import { showModals } from "./modal.js";
import { changed, connect, go, onChange, onNotice, placeOfAddress, state } from "./store.js";
import { t } from "./words.js";

const part = (id) => document.getElementById(id);
const wide = matchMedia("(min-width: 1180px)");
let panelOpen = wide.matches;
let composerMark = "";
let threadMark = "";

function closeThread() {
  go(state.place);
  part("composer-text")?.focus();
}

function drawComposer() {
  const channel = state.channels.get(state.place);
  const closed = channel?.is_archived ? t("archived")
    : channel?.is_im && !state.app.may_write ? t("read_only") : null;
  const mark = JSON.stringify([state.place, state.me, closed, t("send"), channel?.name, state.app.commands, state.app.shortcuts, state.app.steps]);
  part("composer").hidden = !channel;
  if (!channel || mark === composerMark) return;
  composerMark = mark;
  const where = channel.is_im ? state.app.name : `#${channel.name}`;
  fill(part("composer"), composer({
    channel: channel.id, label: t("write_to", { where }), disabled: closed,
  }));
}

function drawThread() {
  const node = part("thread");
  const { place, threadOf } = state;
  const open = Boolean(threadOf) && state.channels.has(place) && state.messages.get(place)?.has(threadOf);
  node.hidden = !open;
  part("shell").classList.toggle("thread-open", open);
  if (!open) { threadMark = ""; return; }
  const mark = JSON.stringify([place, threadOf, t("thread"), state.me]);
  if (mark !== threadMark) {
    threadMark = mark;
    const channel = state.channels.get(place);
    fill(node,
      el("header.bar", {}, el("div.where", {}, el("h2", {}, icon("thread"), el("span", {}, t("thread"))),
        el("p", {}, channel.is_im ? state.app.name : `#${channel.name}`)),
      el("button.button.quiet", { type: "button", "aria-label": t("close"), onclick: closeThread }, icon("close"))),
      el("div.stage", {}, el("div.messages", { role: "log", "aria-live": "polite", "aria-label": t("thread") })),
      el("footer.composer", {}, composer({
        channel: place, threadTs: threadOf, label: t("write_reply"),
        disabled: channel.is_archived ? t("archived") : null,
      })));
    node.setAttribute("aria-label", t("thread"));
  }
  showThread(node.querySelector(".messages"), place, threadOf);
}

function drawStage(jump = false) {
  const channel = state.channels.get(state.place);
  if (state.place === "home") showHome(part("stage"));
  else if (channel) showChannel(part("stage"), channel, { jump });
}

function drawFrame() {
  showSidebar(part("sidebar"));
  const togglePanel = () => { panelOpen = !panelOpen; drawFrame(); };
  showBar(part("bar"), panelOpen, togglePanel);
  showPanel(part("panel"), panelOpen, togglePanel);
  part("shell").classList.toggle("panel-open", panelOpen && Boolean(state.panel));
  part("skip").textContent = t("skip");
  const waiting = [...state.unread.values()].reduce((sum, n) => sum + n, 0);
  document.title = `${waiting ? `(${waiting}) ` : ""}${state.team.name || "Workspace"}`;
}

function drawStrip() {
  const strip = part("strip");
  strip.hidden = state.online;
  strip.textContent = state.ready ? t("offline") : t("connecting");
}

function settlePlace() {
  const wanted = placeOfAddress();
  const known = wanted.place === "home" || state.channels.has(wanted.place);
  const first = [...state.channels.values()].filter((c) => !c.is_im)[0];  // the one that was made first
  if (known) go(wanted.place, wanted.thread);
  else go(first?.id || state.direct);
  if (wanted.highlight) {
    const node = document.getElementById(`m${wanted.highlight}`) || document.getElementById(`t${wanted.highlight}`);
    node?.classList.add("highlight");
    node?.scrollIntoView({ block: "center" });
  }
}

function drawAll(jump) {
  drawStrip();
  if (!state.ready) return;
  drawFrame();
  drawComposer();
  drawThread();
  drawStage(jump);
  showModals();
}

onChange((what, detail) => {
  if (what === "all") {
    if (detail.first || !(state.place === "home" || state.channels.has(state.place))) settlePlace();
    drawAll(false);
  } else if (what === "place") {
    drawAll(true);
  } else if (what === "message") {
    if (detail.channel === state.place) { drawStage(); drawThread(); }
    if (detail.news) drawFrame();
  } else if (what === "modals") showModals();
  else if (what === "home" && state.place === "home") drawStage();
  else if (what === "online") drawStrip();
  else if (what === "panel" || what === "sockets" || what === "theme") drawFrame();
});

onNotice((text, kind) => {
  const toast = el(`div.toast.${kind}`, {}, text);
  part("toasts").append(toast);
  setTimeout(() => toast.remove(), 6000);
});

addEventListener("popstate", () => { if (state.ready) settlePlace(); });
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  if (part("shell").classList.contains("menu-open")) toggleSidebar(false);
  else if (state.threadOf) closeThread();
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => changed("theme"));
wide.addEventListener("change", () => { panelOpen = wide.matches; changed("panel"); });

toggleSidebar(false);
drawStrip();
connect();
