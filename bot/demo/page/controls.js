// Block elements: buttons, menus, inputs. Each knows how to be pressed and how to give a value.

import { el, fill, icon, uid } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { state } from "./store.js";
import { t } from "./words.js";

const confirmBox = () => document.getElementById("confirm");

/** Ask first, when the element says so. Resolves to whether to go on. */
export function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  const box = confirmBox();
  return new Promise((resolve) => {
    const answer = (yes) => { box.close(); resolve(yes); };
    const titleId = uid("confirm");
    box.setAttribute("aria-labelledby", titleId);
    fill(box,
      el("h2", { id: titleId }, ...textObject(confirm.title)),
      el("div.body", {}, ...textObject(confirm.text)),
      el("div.foot", {},
        el("button.button", { type: "button", onclick: () => answer(false) },
          confirm.deny ? confirm.deny.text : t("cancel")),
        el(`button.button.${confirm.style === "danger" ? "danger" : "primary"}`,
          { type: "button", autofocus: true, onclick: () => answer(true) },
          confirm.confirm ? confirm.confirm.text : t("yes"))));
    box.oncancel = () => resolve(false);
    box.showModal();
  });
}

function optionsOf(element) {
  const groups = element.option_groups || [];
  return [...(element.options || []), ...groups.flatMap((g) => g.options)];
}

const focusKey = (block, element) => `${block.block_id}/${element.action_id}`;

function common(block, element, extra = {}) {
  return { data: { focus: focusKey(block, element) }, ...extra };
}

// ---------------------------------------------------------------- kinds of elements

function button(block, element, context) {
  const style = element.style ? `.${element.style}` : "";
  const node = el(`button.button${style}`,
    common(block, element, { type: "button", "aria-label": element.accessibility_label }),
    ...textObject(element.text), element.url ? el("span.out", { "aria-hidden": "true" }, " ↗") : null);
  node.addEventListener("click", async () => {
    if (!(await confirmed(element.confirm))) return;
    if (element.url && /^https?:/i.test(element.url)) window.open(element.url, "_blank", "noopener");
    await busy(node, () => context.act(block, element, null));
  });
  return node;
}

async function busy(node, work) {
  node.setAttribute("aria-busy", "true");
  try { await work(); } finally { node.removeAttribute("aria-busy"); }
}

/** A button that opens a list of things to do; arrows, Home, End and Escape work. */
export function menuButton(label, content, entries, props = {}) {
  const id = uid("menu");
  const node = el("span.menu-holder");
  const opener = el("button.button.quiet", {
    type: "button", "aria-label": label, "aria-haspopup": "menu", "aria-expanded": "false",
    "aria-controls": id, ...props,
  }, content);
  let list = null;
  const close = (refocus) => {
    if (!list) return;
    list.remove();
    list = null;
    opener.setAttribute("aria-expanded", "false");
    document.removeEventListener("pointerdown", outside, true);
    if (refocus) opener.focus();
  };
  const outside = (event) => { if (!node.contains(event.target)) close(false); };
  opener.addEventListener("click", () => {
    if (list) { close(true); return; }
    list = el("div.menu", { role: "menu", id, "aria-label": label }, entries().map((entry) => {
      const item = el("button", { type: "button", role: "menuitem", tabindex: "-1" },
        ...entry.content, entry.note ? el("small", {}, entry.note) : null);
      item.addEventListener("click", () => { close(true); entry.choose(); });
      return item;
    }));
    node.append(list);
    opener.setAttribute("aria-expanded", "true");
    document.addEventListener("pointerdown", outside, true);
    const box = list.getBoundingClientRect();
    if (box.bottom > innerHeight - 8) list.classList.add("above");
    if (box.left < 8) list.classList.add("leftward");
    list.firstElementChild?.focus();
  });
  node.addEventListener("keydown", (event) => {
    if (!list) return;
    const items = [...list.children];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    if (event.key === "Escape") { event.stopPropagation(); event.preventDefault(); close(true); }
    if (to !== undefined) {
      event.preventDefault();
      items[(to + items.length) % items.length]?.focus();
    }
  });
  node.append(opener);
  return node;
}

function overflow(block, element, context) {
  return menuButton(t("more_actions"), icon("more"), () => element.options.map((option) => ({
    content: textObject(option.text),
    note: option.description?.text,
    choose: async () => {
      if (!(await confirmed(element.confirm))) return;
      if (option.url && /^https?:/i.test(option.url)) window.open(option.url, "_blank", "noopener");
      context.act(block, element, option.value);
    },
  })), common(block, element));
}

function entriesOf(element) {
  const kind = element.type.replace("multi_", "");
  if (kind === "users_select") {
    return [...state.users.values()].map((u) => [u.id, u.real_name]);
  }
  if (kind === "channels_select" || kind === "conversations_select") {
    return [...state.channels.values()].filter((c) => !c.is_im).map((c) => [c.id, `#${c.name}`]);
  }
  return null;
}

function select(block, element, context) {
  const plain = entriesOf(element);
  const current = context.value(block, element);
  const chosen = current?.selected_option?.value ?? current?.selected_user
    ?? current?.selected_channel ?? current?.selected_conversation ?? "";
  const option = (o) => el("option", { value: o.value }, o.text.text);
  const node = el("select.field", common(block, element, { "aria-label": context.label }),
    el("option", { value: "" }, element.placeholder?.text || t("choose")),
    plain ? plain.map(([value, text]) => el("option", { value }, text)) : (element.options || []).map(option),
    (element.option_groups || []).map((g) => el("optgroup", { label: g.label.text }, g.options.map(option))));
  node.value = chosen;
  node.addEventListener("change", async () => {
    if (!node.value || !(await confirmed(element.confirm))) { node.value = chosen; return; }
    context.change(block, element, node.value);
  });
  return node;
}

function checks(kind) {
  return (block, element, context) => {
    const current = context.value(block, element);
    const several = kind === "checkbox";
    const chosen = new Set(several
      ? (current?.selected_options || []).map((o) => o.value)
      : [current?.selected_option?.value].filter(Boolean));
    const group = uid("choice");
    const node = el("div.choices", { role: several ? "group" : "radiogroup", "aria-label": context.label });
    for (const option of optionsOf(element)) {
      const input = el("input", {
        type: kind, name: group, value: option.value, checked: chosen.has(option.value),
        data: { focus: `${focusKey(block, element)}/${option.value}` },
      });
      input.addEventListener("change", () => {
        const values = [...node.querySelectorAll("input:checked")].map((i) => i.value);
        context.change(block, element, several ? values : values[0]);
      });
      node.append(el("label", {}, input, el("span", {}, ...textObject(option.text),
        option.description ? el("small", {}, ...textObject(option.description)) : null)));
    }
    return node;
  };
}

function multi(block, element, context) {
  const plain = entriesOf(element);
  if (!plain) return checks("checkbox")(block, element, context);
  const options = plain.map(([value, text]) => ({ value, text: { type: "plain_text", text } }));
  const current = context.value(block, element);
  const ids = current?.selected_users || current?.selected_channels || current?.selected_conversations || [];
  const shaped = { ...context, value: () => ({ selected_options: ids.map((value) => ({ value })) }) };
  return checks("checkbox")(block, { ...element, options }, shaped);
}

function typed(type, field = "value") {
  return (block, element, context) => {
    const current = context.value(block, element)?.[field] ?? "";
    const tag = element.multiline ? "textarea" : "input";
    const node = el(`${tag}.field`, common(block, element, {
      type: tag === "input" ? type : undefined,
      placeholder: element.placeholder?.text,
      "aria-label": context.label,
      "aria-invalid": context.invalid ? "true" : undefined,
      minlength: element.min_length, maxlength: element.max_length,
      min: element.min_value, max: element.max_value,
      step: type === "number" ? (element.is_decimal_allowed ? "any" : 1) : undefined,
      rows: element.multiline ? 4 : undefined,
      autofocus: element.focus_on_load,
      value: current,
    }));
    const moment = type === "date" || type === "time";
    node.addEventListener("input", () => context.note(block, element, node.value));
    node.addEventListener("change", () => {
      if (moment || element.dispatch_action_config) context.change(block, element, node.value);
    });
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && tag === "input" && !event.isComposing) {
        event.preventDefault();
        if (context.dispatches(block)) context.act(block, element, node.value);
      }
    });
    return node;
  };
}

function dateTime(block, element, context) {
  const seconds = context.value(block, element)?.selected_date_time;
  const local = seconds
    ? new Date(seconds * 1000 - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "";
  const node = el("input.field", common(block, element, {
    type: "datetime-local", "aria-label": context.label, value: local,
  }));
  node.addEventListener("change", () =>
    context.change(block, element, node.value ? Math.floor(new Date(node.value) / 1000) : null));
  return node;
}

function feedback(block, element, context) {
  return el("span.feedback", {}, ["positive_button", "negative_button"].map((name) =>
    el("button.button.quiet", {
      type: "button",
      "aria-label": element[name].accessibility_label || element[name].text.text,
      onclick: () => context.act(block, element, element[name].value),
    }, ...textObject(element[name].text))));
}

function image(block, element) {
  return picture(element);
}

/** A picture; only what the workspace itself serves is loaded, the rest stays a labelled link. */
export function picture(element, big = false) {
  const file = element.slack_file;
  const url = element.image_url || file?.url
    || (file?.id ? `${location.origin}/files/${encodeURIComponent(file.id)}/picture` : "");
  const own = url.startsWith(`${location.origin}/`);
  if (own) return el(big ? "img.picture" : "img.thumb", { src: url, alt: element.alt_text, loading: "lazy" });
  return el("a.no-picture", { href: /^https?:/i.test(url) ? url : undefined, target: "_blank", rel: "noopener noreferrer" },
    icon("file"), " ", element.alt_text);
}

const ELEMENTS = {
  button, overflow, image,
  workflow_button: button, icon_button: button, feedback_buttons: feedback,
  static_select: select, external_select: select, users_select: select,
  channels_select: select, conversations_select: select,
  multi_static_select: multi, multi_external_select: multi, multi_users_select: multi,
  multi_channels_select: multi, multi_conversations_select: multi,
  checkboxes: checks("checkbox"), radio_buttons: checks("radio"),
  plain_text_input: typed("text"), email_text_input: typed("email"), url_text_input: typed("url"),
  number_input: typed("number"), rich_text_input: typed("text"),
  datepicker: typed("date", "selected_date"), timepicker: typed("time", "selected_time"),
  datetimepicker: dateTime,
};

/** An element of a block; `context` carries value(), note(), change(), act() and dispatches(). */
export function control(block, element, context) {
  const make = ELEMENTS[element.type];
  return make ? make(block, element, context) : el("span.unknown", {}, element.type);
}
