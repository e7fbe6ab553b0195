// Block Kit, drawn. https://docs.slack.dev/reference/block-kit/blocks

import { el, icon } from "./dom.js";
import { control, picture } from "./controls.js";
import { emoji } from "./emoji.js";
import { link, markdown, names, textObject } from "./mrkdwn.js";
import { slackDate, t } from "./words.js";

const FOLD_AT = 700; // characters of a section that "show more" hides the rest of, as in Slack

function section(block, context) {
  const long = !block.expand && (block.text?.text.length || 0) > FOLD_AT;
  const body = block.text ? el(`div.text${long ? ".folded" : ""}`, {}, ...textObject(block.text)) : null;
  const more = long ? el("button.more", {
    type: "button",
    onclick: () => { body.classList.remove("folded"); more.remove(); },
  }, t("show_more")) : null;
  return el("div.block.section", {},
    el("div.words", {}, body, more,
      block.fields ? el("div.fields", {}, block.fields.map((f) => el("div", {}, ...textObject(f)))) : null),
    block.accessory ? el("div.accessory", {}, control(block, block.accessory, context)) : null);
}

function header(block) {
  return el("h3.block.header", {}, ...textObject(block.text));
}

function contextBlock(block) {
  return el("div.block.context", {}, block.elements.map((e) =>
    (e.type === "image" ? picture(e) : el("span", {}, ...textObject(e)))));
}

function actions(block, context) {
  return el("div.block.actions", {}, block.elements.map((e) => control(block, e, context)));
}

function input(block, context) {
  const error = context.errors?.[block.block_id];
  const label = el("span.label", {}, ...textObject(block.label),
    block.optional ? el("small", {}, ` (${t("optional")})`) : null);
  return el(`div.block.input${error ? ".wrong" : ""}`, {}, label,
    control(block, block.element, { ...context, label: block.label.text, invalid: Boolean(error) }),
    error ? el("div.error", { role: "alert" }, error) : null,
    block.hint ? el("div.hint", {}, ...textObject(block.hint)) : null);
}

function image(block) {
  return el("figure.block.image", {},
    block.title ? el("figcaption", {}, ...textObject(block.title)) : null, picture(block, true));
}

// ---------------------------------------------------------------- rich text

const STYLE_TAGS = { bold: "strong", italic: "em", strike: "s", code: "code", underline: "u" };

function part(one) {
  const shown = {
    text: () => one.text.split("\n").flatMap((line, n) => (n ? [el("br"), line] : [line])),
    link: () => [link(one.url, one.text || one.url)],
    emoji: () => [emoji(one.name)],
    user: () => [el("span.mention", {}, `@${names.user(one.user_id)}`)],
    usergroup: () => [el("span.mention", {}, `@${names.group(one.usergroup_id)}`)],
    channel: () => [el("span.mention", {}, `#${names.channel(one.channel_id)}`)],
    broadcast: () => [el("span.mention.mine", {}, `@${one.range}`)],
    date: () => [el("time", { title: one.fallback }, slackDate(one.timestamp, one.format))],
    color: () => [one.value],
  }[one.type]?.() || [];
  return Object.entries(STYLE_TAGS)
    .filter(([name]) => one.style?.[name])
    .reduce((content, [, tag]) => [el(tag, {}, ...content)], shown);
}

const parts = (elements) => elements.flatMap(part);

function richText(block) {
  return el("div.block.rich", {}, block.elements.map((group) => {
    if (group.type === "rich_text_list") {
      return el(group.style === "ordered" ? "ol" : "ul", {
        class: `level-${group.indent || 0}`, start: group.offset ? group.offset + 1 : undefined,
      }, group.elements.map((item) => el("li", {}, ...parts(item.elements))));
    }
    if (group.type === "rich_text_quote") return el("blockquote", {}, ...parts(group.elements));
    if (group.type === "rich_text_preformatted") return el("pre", {}, el("code", {}, ...parts(group.elements)));
    return el("div", {}, ...parts(group.elements));
  }));
}

// ---------------------------------------------------------------- the rest

function table(block) {
  const settings = block.column_settings || [];
  const cell = (tag) => (one, column) => {
    const set = settings[column] || {};
    const align = one.type === "raw_number" && !set.align ? "right" : set.align;
    return el(`${tag}${align ? `.${align}` : ""}${set.is_wrapped ? ".wrapped" : ""}`, {},
      one.type === "rich_text" ? richText(one) : one.text);
  };
  const [head, ...rows] = block.rows;
  return el("div.block.scroll", { tabindex: "0", role: "region", "aria-label": head.map((c) => c.text || "").join(", ") },
    el("table.grid", {},
      el("thead", {}, el("tr", {}, head.map(cell("th")))),
      el("tbody", {}, rows.map((row) => el("tr", {}, row.map(cell("td")))))));
}

const TASK_SIGNS = { pending: "○", in_progress: "", complete: "✓", error: "!" };

function task(block) {
  const status = block.status || "pending";
  const inside = [
    block.details ? richText(block.details) : null,
    block.output ? richText(block.output) : null,
    block.sources?.length ? el("div.sources", {}, `${t("sources")}: `,
      block.sources.flatMap((s, n) => [n ? ", " : "", link(s.url, s.text)])) : null,
  ].filter(Boolean);
  const sign = el(`span.sign.${status}`, { role: "img", "aria-label": status.replace("_", " ") }, TASK_SIGNS[status]);
  const title = el("span.title", {}, block.title);
  if (!inside.length) return el("div.task", {}, el("div.line", {}, sign, title));
  return el("details.task", { open: status === "error" || status === "in_progress" },
    el("summary.line", {}, sign, title), el("div.inside", {}, inside));
}

function plan(block) {
  const tasks = block.tasks || [];
  const done = tasks.filter((one) => one.status === "complete" || one.status === "error").length;
  return el("div.block.plan", {},
    el("div.plan-title", {}, el("strong", {}, block.title),
      tasks.length ? el("small", {}, `${done}/${tasks.length}`) : null),
    tasks.map(task));
}

function alert(block) {
  return el(`div.block.alert.${block.level || "default"}`, { role: "note" }, ...textObject(block.text));
}

function card(block, context) {
  return el("div.block.card", {},
    block.hero_image ? picture(block.hero_image, true) : null,
    block.title ? el("strong", {}, ...textObject(block.title)) : null,
    block.subtitle ? el("div.hint", {}, ...textObject(block.subtitle)) : null,
    block.body ? el("div", {}, ...textObject(block.body)) : null,
    block.actions ? el("div.actions", {}, block.actions.map((e) => control(block, e, context))) : null);
}

function container(block, context) {
  const title = el("strong", {}, ...(block.title ? textObject(block.title) : [richText(block.rich_text_title)]));
  const children = blocks(block.child_blocks, context);
  if (!block.is_collapsible) return el("div.block.container", {}, title, children);
  return el("details.block.container", { open: !block.default_collapsed }, el("summary", {}, title), children);
}

function video(block) {
  return el("div.block.card", {},
    el("strong", {}, link(block.title_url || block.video_url, block.title.text)),
    block.description ? el("div", {}, ...textObject(block.description)) : null,
    el("div.hint", {}, block.alt_text));
}

const BLOCKS = {
  section, header, actions, input, image, table, plan, alert, card, container, video,
  context: contextBlock,
  divider: () => el("hr.block"),
  rich_text: richText,
  markdown: (block) => el("div.block.markdown", {}, ...markdown(block.text)),
  task_card: (block) => el("div.block", {}, task(block)),
  context_actions: (block, context) => el("div.block.actions", {}, block.elements.map((e) => control(block, e, context))),
  carousel: (block, context) => el("div.block.carousel", {}, block.elements.map((c) => card(c, context))),
};

/** A list of blocks as one element; `context` as in controls.js. */
export function blocks(list, context) {
  return el("div.blocks", {}, list.map((block) => (BLOCKS[block.type]
    ? BLOCKS[block.type](block, context)
    : el("div.block.unknown", {}, block.type))));
}
