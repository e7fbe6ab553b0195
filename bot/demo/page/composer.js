// The message field: plain text, @people, and /commands with completion.

import { el, fill, icon, uid } from "./dom.js";
import { menuButton } from "./controls.js";
import { askStep } from "./steps.js";
import { act, notice, state } from "./store.js";
import { t } from "./words.js";

/** Mentions as Slack sends them: @name becomes <@U…>, the rest is escaped. */
function outgoing(text) {
  const escaped = text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return escaped.replace(/(^|[\s(])@([\w.-]+)/g, (whole, before, name) => {
    if (["here", "channel", "everyone"].includes(name)) return `${before}<!${name}>`;
    const user = [...state.users.values()].find((u) => u.name === name);
    if (user) return `${before}<@${user.id}>`;
    const group = [...state.groups.values()].find((g) => g.handle === name);
    return group ? `${before}<!subteam^${group.id}>` : whole;
  });
}

/** What can complete the word at the cursor. */
function suggestions(text, cursor, inThread) {
  const before = text.slice(0, cursor);
  const command = /^\/\S*$/.exec(before);
  if (command && !inThread) {
    return state.app.commands
      .filter((c) => c.command.startsWith(command[0]))
      .map((c) => ({ insert: `${c.command} `, from: 0, title: c.command, hint: c.hint, note: c.description }));
  }
  const at = /(^|\s)@([\w.-]*)$/.exec(before);
  if (at) {
    const from = before.length - at[2].length - 1;
    return [...state.users.values()]
      .filter((u) => u.name !== "slackbot" && u.name.startsWith(at[2].toLowerCase()))
      .slice(0, 8)
      .map((u) => ({ insert: `@${u.name} `, from, title: `@${u.name}`, hint: "", note: u.real_name }));
  }
  return [];
}

/** A composer for a channel, or for a thread of it. */
export function composer({ channel, threadTs, label, disabled }) {
  if (disabled) return el("div.closed", { role: "note" }, disabled);
  const listId = uid("suggest");
  const list = el("div.suggest", { id: listId, role: "listbox", "aria-label": t("commands"), hidden: true });
  const field = el("textarea", {
    id: threadTs ? undefined : "composer-text",
    rows: 1, placeholder: label, "aria-label": label, role: "combobox", "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": listId, autocomplete: "off", spellcheck: "true",
    enterkeyhint: "send", data: { focus: threadTs ? "thread-text" : "text" },
  });
  let found = [];
  let picked = 0;

  const grow = () => {
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 180)}px`;
    send.disabled = !field.value.trim();
  };
  const hide = () => {
    found = [];
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const suggest = () => {
    found = suggestions(field.value, field.selectionStart, Boolean(threadTs));
    if (!found.length) { hide(); return; }
    picked = Math.min(picked, found.length - 1);
    fill(list, found.map((one, index) => el("div.one", {
      role: "option", id: `${listId}-${index}`, "aria-selected": String(index === picked),
      onpointerdown: (event) => { event.preventDefault(); complete(index); },
    }, el("strong", {}, one.title), one.hint ? el("code", {}, one.hint) : null, el("small", {}, one.note))));
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    field.setAttribute("aria-activedescendant", `${listId}-${picked}`);
  };
  const complete = (index) => {
    const one = found[index];
    const end = field.selectionStart;
    field.value = field.value.slice(0, one.from) + one.insert + field.value.slice(end);
    const cursor = one.from + one.insert.length;
    field.setSelectionRange(cursor, cursor);
    field.focus();
    hide();
    grow();
  };
  const submit = async () => {
    const text = field.value.trim();
    if (!text) return;
    hide();
    const command = /^(\/\S+)\s*([\s\S]*)$/.exec(text);
    if (command && threadTs) { notice("no_commands_in_threads"); return; }
    field.value = "";
    grow();
    const answer = command
      ? await act("command", { channel, command: command[1], text: outgoing(command[2]) })
      : await act("say", { channel, text: outgoing(text), thread_ts: threadTs });
    // A failing command is told by Slackbot; what never arrived goes back into the field.
    if (!answer.ok && !command) notice(answer.error);
    if (!answer.ok && answer.error === "offline") { field.value = text; grow(); }
  };

  field.addEventListener("input", () => { picked = 0; grow(); suggest(); });
  field.addEventListener("blur", () => setTimeout(hide, 100));
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (found.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      picked = (picked + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
      suggest();
    } else if (found.length && (event.key === "Tab" || (event.key === "Enter" && found[picked].insert.trim() !== field.value.trim()))) {
      event.preventDefault();
      complete(picked);
    } else if (found.length && event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      hide();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    }
  });

  const shortcuts = threadTs ? [] : [
    ...state.app.shortcuts.filter((s) => s.kind === "global").map((s) => ({
      content: [icon("bolt"), s.name],
      note: s.description || state.app.name,
      choose: () => act("shortcut", { callback_id: s.callback_id }),
    })),
    ...state.app.steps.map((s) => ({
      content: [icon("server"), s.title],
      note: t("workflow_step"),
      choose: () => askStep(s),
    })),
  ];
  const send = el("button.button.send", { type: "button", "aria-label": t("send"), disabled: true, onclick: submit }, icon("send"));
  return el("div.box", {}, list,
    shortcuts.length ? menuButton(t("shortcuts"), icon("bolt"), () => shortcuts) : null,
    field, send);
}
