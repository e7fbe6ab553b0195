// Messages, threads and the Home tab.

import { el, fill, icon, reconcile } from "./dom.js";
import { blocks } from "./blocks.js";
import { menuButton, picture } from "./controls.js";
import { emoji } from "./emoji.js";
import { mrkdwn } from "./mrkdwn.js";
import { act, go, notice, state, threadOf, timeline } from "./store.js";
import { clock, day, dayKey, language, moment, t } from "./words.js";

const GROUP_S = 300; // one author's messages within five minutes share a name

/** How the elements of a message report what was done to them. */
export function messageContext(message, channel) {
  const press = async (block, element, value) => {
    const answer = await act("act", {
      channel, ts: message.ts, block_id: block.block_id, action_id: element.action_id, value,
    });
    if (!answer.ok && answer.error === "offline") notice(answer.error);
  };
  return {
    value: (block, element) => initial(element),
    note: () => {},
    change: press,
    act: press,
    dispatches: () => true,
    label: undefined,
  };
}

/** The value an untouched element shows, in the shape of view.state.values. */
export function initial(element) {
  return {
    value: element.initial_value,
    selected_option: element.initial_option,
    selected_options: element.initial_options,
    selected_user: element.initial_user,
    selected_channel: element.initial_channel,
    selected_conversation: element.initial_conversation,
    selected_users: element.initial_users,
    selected_channels: element.initial_channels,
    selected_conversations: element.initial_conversations,
    selected_date: element.initial_date,
    selected_time: element.initial_time,
    selected_date_time: element.initial_date_time,
  };
}

/** A person's or the app's picture: initials on a colour of their own. */
export function avatar(user, app) {
  const name = user?.real_name || user?.name || "?";
  if (app) return el("span.avatar.app", { "aria-hidden": "true" }, pulse());
  const hue = [...(user?.id || name)].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) % 8, 7);
  const initials = name.split(/\s+/).map((w) => w[0]).slice(0, 2).join("").toUpperCase();
  return el(`span.avatar.hue-${hue}`, { "aria-hidden": "true" }, initials);
}

function pulse() {
  const node = icon("bolt");
  node.setAttribute("viewBox", "0 0 32 32");
  node.firstChild.setAttribute("d", "M5 17h5l3-8 5 15 3-7h6");
  return node;
}

function body(message, channel) {
  if (message.subtype === "tombstone") return el("em.gone", {}, t("deleted"));
  const content = message.blocks?.length
    ? blocks(message.blocks, messageContext(message, channel))
    : el("div.text", {}, ...mrkdwn(message.text));
  const attachments = (message.attachments || []).map((a) => el("div.attachment", {},
    a.blocks ? blocks(a.blocks, messageContext(message, channel))
      : el("div.text", {}, ...mrkdwn(a.text || a.fallback || ""))));
  const files = (message.files || []).map(fileCard);
  const lead = message.blocks?.length || !message.text ? content : el("div", {}, content);
  return el("div.content", {}, lead, attachments, files,
    message.edited ? el("span.edited", { title: moment(message.edited.ts) }, ` (${t("edited")})`) : null);
}

function fileCard(file) {
  const url = `/files/${encodeURIComponent(file.id)}/${encodeURIComponent(file.name)}`;
  if (/^image\/(png|jpeg|gif|webp)$/.test(file.mimetype)) {
    return picture({ image_url: `${location.origin}${url}`, alt_text: file.alt_txt || file.title }, true);
  }
  return el("div.file-card", {},
    el("a.file", { href: url, download: file.name }, icon("file"),
      el("span", {}, el("strong", {}, file.title), el("small", {}, `${file.name} · ${size(file.size)}`))),
    file.preview ? el("pre", { tabindex: "0", "aria-label": file.title }, el("code", {}, file.preview)) : null);
}

const size = (bytes) => (bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} kB`);

function tools(message, channel, inThread) {
  const shortcuts = state.app.shortcuts.filter((s) => s.kind === "message");
  const reply = !inThread && !message.ephemeral ? el("button.button.quiet", {
    type: "button", "aria-label": t("reply_in_thread"), title: t("reply_in_thread"),
    data: { focus: `${message.ts}/reply` },
    onclick: () => go(channel, message.thread_ts || message.ts),
  }, icon("thread")) : null;
  const more = shortcuts.length && !message.ephemeral
    ? menuButton(t("more_actions"), icon("more"), () => shortcuts.map((s) => ({
      content: [icon("bolt"), s.name],
      note: state.app.name,
      choose: () => act("shortcut", { channel, ts: message.ts, callback_id: s.callback_id }),
    })), { data: { focus: `${message.ts}/more` } }) : null;
  return reply || more ? el("div.tools", {}, reply, more) : null;
}

function footer(message, channel, inThread) {
  const reactions = (message.reactions || []).map((r) =>
    el("span.reaction", { title: r.name }, emoji(r.name), ` ${r.count}`));
  const count = message.reply_count || 0;
  const thread = !inThread && count ? el("button.replies", {
    type: "button",
    data: { focus: `${message.ts}/replies` },
    onclick: () => go(channel, message.ts),
  },
  el("span.faces", {}, (message.reply_users || []).slice(0, 3).map((id) => {
    const user = state.users.get(id);
    return avatar(user, id === state.app.user);
  })),
  el("strong", {}, count === 1 ? t("reply") : t("replies", { n: count })),
  el("small", {}, t("last_reply", { time: clock(message.latest_reply) }))) : null;
  return reactions.length || thread ? el("div.below", {}, reactions, thread) : null;
}

function messageNode(message, channel, { head, inThread }) {
  const user = state.users.get(message.user);
  const app = Boolean(message.bot_id);
  const name = message.author_name || (app ? state.app.name : user?.real_name) || message.user;
  const time = el("time", { datetime: new Date(message.ts * 1000).toISOString(), title: moment(message.ts) },
    clock(message.ts));
  return el(`article.message${message.ephemeral ? ".ephemeral" : ""}${head ? "" : ".follow"}`,
    { "aria-label": `${name}, ${clock(message.ts)}`, id: `${inThread ? "t" : "m"}${message.ts}` },
    head ? avatar(user || { name }, app) : el("span.gutter", {}, time),
    el("div.column", {},
      message.ephemeral ? el("div.whisper", {}, icon("eye"), el("span", {}, t("only_you")),
        el("button.dismiss", {
          type: "button", data: { focus: `${message.ts}/dismiss` },
          onclick: () => act("dismiss", { channel, ts: message.ts }),
        }, t("dismiss"))) : null,
      message.broadcast && !inThread ? el("button.whisper.link", {
        type: "button", onclick: () => go(channel, message.thread_ts),
      }, icon("thread"), t("also_sent")) : null,
      message.broadcast && inThread ? el("div.whisper", {}, t("broadcast")) : null,
      head ? el("div.who", {}, el("strong.name", {}, name),
        app ? el("span.badge", {}, t("app")) : null,
        user?.is_guest ? el("span.badge", {}, t("guest")) : null,
        user?.is_external ? el("span.badge", {}, t("external")) : null, time) : null,
      body(message, channel),
      footer(message, channel, inThread)),
    tools(message, channel, inThread));
}

/** A list of messages as items for `reconcile`, with day dividers. */
function items(list, channel, inThread) {
  const shown = [];
  let last = null;
  for (const message of list) {
    if (!inThread && (!last || dayKey(last.ts) !== dayKey(message.ts))) {
      const key = `day${dayKey(message.ts)}`;
      shown.push({ key, mark: language(), make: () => el("div.day", { role: "separator" }, el("span", {}, day(message.ts))) });
      last = null;
    }
    const head = !last || last.user !== message.user || message.ts - last.ts > GROUP_S
      || last.ephemeral !== message.ephemeral || message.broadcast;
    const user = state.users.get(message.user);
    const mark = JSON.stringify([message, head, language(), user?.real_name, state.app.shortcuts.length]);
    shown.push({ key: message.ts, mark, make: () => messageNode(message, channel, { head, inThread }) });
    last = message;
  }
  return shown;
}

const nearEnd = (box) => box.scrollHeight - box.scrollTop - box.clientHeight < 90;

/** Show a channel in `stage`; keeps the reader's place, follows along at the end. */
export function showChannel(stage, channel, { jump }) {
  let list = stage.querySelector(":scope > .messages");
  if (!list || list.dataset.channel !== channel.id) {
    list = el("div.messages", { role: "log", "aria-live": "polite", "aria-label": channel.name, data: { channel: channel.id } });
    fill(stage, list);
    jump = true;
  }
  const follow = jump || nearEnd(stage);
  const found = timeline(channel.id);
  reconcile(list, found.length ? items(found, channel.id, false) : [{
    key: "empty",
    mark: language(),
    make: () => el("div.empty", {}, icon("chat"), el("p", {}, t("nothing_yet")),
      state.app.commands[0] ? el("p", {}, ...tryCommand()) : null),
  }]);
  if (follow) stage.scrollTop = stage.scrollHeight;
}

function tryCommand() {
  const [before, after] = t("try_command").split("{command}");
  return [before, el("code", {}, state.app.commands[0].command), after];
}

/** Show a thread's messages in `box`. */
export function showThread(box, channel, ts) {
  const stage = box.parentElement;
  const follow = nearEnd(stage) || !box.firstElementChild;
  reconcile(box, items(threadOf(channel, ts), channel, true));
  if (follow) stage.scrollTop = stage.scrollHeight;
}

/** Show the App Home. */
export function showHome(stage) {
  const view = state.home;
  const box = el("div.home", {});
  if (view) {
    box.append(blocks(view.blocks, viewContext(view, null)));
  } else {
    box.append(el("div.empty", {}, icon("home"), el("p", {}, t("no_home"))));
  }
  const top = stage.scrollTop;
  const focused = stage.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  fill(stage, box);
  stage.scrollTop = top;
  if (focused) stage.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
}

/** How the elements of a view report; `drafts` collects what was typed but not yet submitted. */
export function viewContext(view, drafts) {
  const press = async (block, element, value) => {
    const answer = await act("act", {
      view: view.id, block_id: block.block_id, action_id: element.action_id, value,
    });
    if (!answer.ok && answer.error === "offline") notice(answer.error);
  };
  const note = (block, element, value) => drafts?.set(block.block_id, value);
  return {
    errors: view.errors,
    value: (block, element) => view.state.values[block.block_id]?.[element.action_id] || initial(element),
    note,
    change: (block, element, value) => {
      note(block, element, value);
      if (block.type !== "input" || block.dispatch_action) press(block, element, value);
    },
    act: press,
    dispatches: (block) => block.type !== "input" || block.dispatch_action,
    label: undefined,
  };
}
