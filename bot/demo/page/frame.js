// What surrounds the messages: the sidebar, the bar on top, the panel of switches.

import { el, fill, icon } from "./dom.js";
import { avatar } from "./messages.js";
import { act, become, changed, go, notice, remember, state } from "./store.js";
import { language, t } from "./words.js";

const narrow = matchMedia("(max-width: 760px)");

/** Open or close the sidebar on small screens. */
export function toggleSidebar(open) {
  document.getElementById("shell").classList.toggle("menu-open", open);
  document.getElementById("sidebar").inert = narrow.matches && !open;
}
narrow.addEventListener("change", () => toggleSidebar(false));

function entry(place, content, { unread = 0, quiet = false } = {}) {
  return el(`button.place${unread ? ".unread" : ""}${quiet ? ".quiet" : ""}`, {
    type: "button",
    "aria-current": state.place === place ? "page" : undefined,
    data: { focus: `place/${place}` },
    onclick: () => { toggleSidebar(false); go(place); },
  }, ...content, unread ? el("span.count", { "aria-label": t("new_messages", { n: unread }) }, String(unread)) : null);
}

/** The list of places, and who the visitor is. */
export function showSidebar(node) {
  const channels = [...state.channels.values()].filter((c) => !c.is_im)
    .sort((a, b) => a.name.localeCompare(b.name));
  const people = [...state.users.values()].filter((u) => !u.is_bot);
  const connected = state.sockets > 0 || !state.app.socket_mode;
  const kind = (u) => (u.is_external ? ` (${t("external")})` : u.is_guest ? ` (${t("guest")})` : "");
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  fill(node,
    el("div.team", {}, el("strong", {}, state.team.name),
      el("button.button.quiet.only-narrow", { type: "button", "aria-label": t("close"), onclick: () => toggleSidebar(false) }, icon("close"))),
    el("div.places", {},
      el("h2", {}, t("channels")),
      channels.map((c) => entry(c.id, [icon(c.is_private ? "lock" : "hash"), el("span", {}, c.name)],
        { unread: state.unread.get(c.id), quiet: c.is_archived })),
      el("h2", {}, t("apps")),
      state.app.home_tab ? entry("home", [
        avatar(null, true),
        el("span", {}, state.app.name),
        el(`span.dot${connected ? ".on" : ""}`, {
          role: "img", title: t(connected ? "app_connected" : "app_gone"),
          "aria-label": t(connected ? "app_connected" : "app_gone"),
        })]) : null,
      state.app.messages_tab ? entry(state.direct, [icon("chat"), el("span", {}, t("messages"))], { unread: state.unread.get(state.direct) }) : null),
    el("div.me", {},
      avatar(state.users.get(state.me)),
      el("label", {}, el("span", {}, t("you_are")),
        el("select", {
          "aria-label": t("you_are"), data: { focus: "me" },
          onchange: (event) => become(event.target.value),
        }, people.map((u) => el("option", { value: u.id, selected: u.id === state.me }, u.real_name + kind(u)))))));
  if (focused) node.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

function switchTheme() {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = theme;
  remember("theme", theme);
  changed("theme");
}

/** The bar: where we are, and the page's own switches. */
export function showBar(node, panelOpen, togglePanel) {
  const channel = state.channels.get(state.place);
  const home = state.place === "home";
  const dark = document.documentElement.dataset.theme === "dark";
  const name = home ? state.app.name : channel?.is_im ? `${state.app.name}` : channel?.name || "";
  const sign = home ? avatar(null, true) : icon(channel?.is_im ? "chat" : channel?.is_private ? "lock" : "hash");
  const topic = home ? state.app.description : channel?.topic_text;
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  fill(node,
    el("button.button.quiet.only-narrow", {
      type: "button", "aria-label": t("open_menu"), data: { focus: "menu" }, onclick: () => toggleSidebar(true),
    }, icon("menu"), [...state.unread.values()].length ? el("span.speck") : null),
    el("div.where", {},
      el("h1", {}, sign, el("span", {}, name)),
      topic ? el("p", {}, topic) : null),
    el("div.knobs", {},
      channel && !channel.is_im ? el("span.members", { title: t("members", { n: channel.members.length }) }, icon("users"), String(channel.members.length)) : null,
      state.panel ? el(`button.button.quiet.backend${broken() ? ".broken" : ""}`, {
        type: "button", "aria-pressed": String(panelOpen), "aria-label": t("backend", { title: state.panel.title }),
        title: state.panel.title, data: { focus: "panel" }, onclick: togglePanel,
      }, icon("server"), el("span.speck")) : null,
      el("button.button.quiet", {
        type: "button", "aria-label": t("language"), title: t("language"), data: { focus: "lang" },
        onclick: () => act("locale", { locale: language() === "ru" ? "en-US" : "ru-RU" }),
      }, el("span.lang", {}, language().toUpperCase())),
      el("button.button.quiet", {
        type: "button", "aria-label": t("theme"), title: t("theme"), data: { focus: "theme" }, onclick: switchTheme,
      }, icon(dark ? "sun" : "moon"))));
  if (focused) node.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

const broken = () => state.panel?.switches.find((s) => s.name === state.panel.current)?.danger;

/** The panel of switches given by whoever embeds the workspace. */
export function showPanel(node, open, close) {
  node.hidden = !open || !state.panel;
  if (node.hidden) return;
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  fill(node,
    el("header.bar", {}, el("div.where", {}, el("h2", {}, icon("server"), el("span", {}, state.panel.title))),
      el("button.button.quiet", { type: "button", "aria-label": t("close"), onclick: close }, icon("close"))),
    el("div.switches", { role: "radiogroup", "aria-label": state.panel.title },
      state.panel.description ? el("p.hint", {}, state.panel.description) : null,
      state.panel.switches.map((one) => {
        const on = one.name === state.panel.current;
        const button = el(`button.switch${one.danger ? ".danger" : ""}`, {
          type: "button", role: "radio", "aria-checked": String(on), data: { focus: `switch/${one.name}` },
        }, el("span.lamp"), el("span", {}, el("strong", {}, one.label), el("small", {}, one.description)));
        button.addEventListener("click", async () => {
          button.setAttribute("aria-busy", "true");
          const answer = await act("switch", { name: one.name });
          button.removeAttribute("aria-busy");
          if (!answer.ok) notice(answer.error);
        });
        return button;
      })));
  if (focused) node.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}
