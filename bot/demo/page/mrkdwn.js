// Slack's mrkdwn and the markdown block, into DOM nodes.
// https://docs.slack.dev/messaging/formatting-message-text

import { el } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { slackDate } from "./words.js";

/** What mentions need to know; the store fills it in. */
export const names = {
  user: (id) => id, channel: (id) => id, group: (id) => id, isMe: () => false,
};

const decode = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

/** A link that cannot run anything: only the web, mail and phone. */
export function link(url, ...content) {
  const safe = /^(https?:|mailto:|tel:)/i.test(url);
  if (!safe) return el("span", {}, ...content);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...content);
}

/** mrkdwn text as a list of nodes: blocks of code and quotes, then lines. */
export function mrkdwn(text) {
  const nodes = [];
  for (const [index, part] of text.split("```").entries()) {
    const closed = index % 2 === 1 && index < text.split("```").length - 1;
    if (closed) nodes.push(el("pre", {}, el("code", {}, decode(part.replace(/^\n|\n$/g, "")))));
    else nodes.push(...quoted(index % 2 === 1 ? "```" + part : part, nodes.length > 0));
  }
  return nodes;
}

function quoted(text, afterBlock) {
  const nodes = [];
  let quote = [];
  const flush = () => {
    if (quote.length) nodes.push(el("blockquote", {}, ...inline(quote.join("\n"))));
    quote = [];
  };
  let plain = [];
  const flushPlain = () => {
    if (plain.length) nodes.push(...inline(plain.join("\n")));
    plain = [];
  };
  const trimmed = afterBlock ? text.replace(/^\n/, "") : text;
  for (const lineText of trimmed.split("\n")) {
    const match = /^(?:&gt;|>)\s?(.*)$/.exec(lineText);
    if (match) { flushPlain(); quote.push(match[1]); } else { flush(); plain.push(lineText); }
  }
  flush();
  flushPlain();
  return nodes;
}

const STYLES = { "*": "strong", _: "em", "~": "s" };
const BOUNDARY = /[\s.,!?;:()[\]{}'"«»“”*_~<>/|\-–—]/;

/** One run of text: code, <controls>, *bold*, _italic_, ~strike~, :emoji:, line breaks. */
export function inline(text) {
  const nodes = [];
  let plain = "";
  const flush = () => {
    if (plain) nodes.push(...lines(decode(plain)));
    plain = "";
  };
  let i = 0;
  while (i < text.length) {
    const rest = text.slice(i);
    const code = /^`([^`\n]+)`/.exec(rest);
    if (code) {
      flush();
      nodes.push(el("code", {}, decode(code[1])));
      i += code[0].length;
      continue;
    }
    const control = /^<([^<>\n]+)>/.exec(rest);
    const shown = control && controlled(control[1]);
    if (shown) {
      flush();
      nodes.push(shown);
      i += control[0].length;
      continue;
    }
    const style = STYLES[text[i]] && styled(text, i);
    if (style) {
      flush();
      nodes.push(el(STYLES[text[i]], {}, ...inline(style)));
      i += style.length + 2;
      continue;
    }
    plain += text[i];
    i += 1;
  }
  flush();
  return nodes;
}

/** The inside of *bold* and its like starting at `i`; null when the marks do not pair. */
function styled(text, i) {
  const mark = text[i];
  if (i > 0 && !BOUNDARY.test(text[i - 1])) return null;
  if (!text[i + 1] || /\s/.test(text[i + 1]) || text[i + 1] === mark) return null;
  for (let end = i + 2; end < text.length && text[end] !== "\n"; end += 1) {
    const closes = text[end] === mark && !/\s/.test(text[end - 1]);
    if (closes && (end + 1 === text.length || BOUNDARY.test(text[end + 1]))) {
      return text.slice(i + 1, end);
    }
  }
  return null;
}

function lines(text) {
  return text.split("\n").flatMap((part, index) => [
    ...(index ? [document.createElement("br")] : []),
    ...withEmoji(part),
  ]);
}

function mention(label, mine = false) {
  return el(`span.mention${mine ? ".mine" : ""}`, {}, label);
}

/** What stands between angle brackets; null when Slack would show it as text. */
function controlled(body) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? "" : decode(body.slice(bar + 1));
  if (/^@[UW][A-Z0-9]+$/.test(target)) {
    return mention(`@${names.user(target.slice(1))}`, names.isMe(target.slice(1)));
  }
  if (/^#[CG][A-Z0-9]+$/.test(target)) return mention(`#${names.channel(target.slice(1))}`);
  if (/^!(here|channel|everyone)$/.test(target)) return mention(`@${target.slice(1)}`, true);
  if (target.startsWith("!subteam^")) return mention(`@${names.group(target.slice(9))}`, true);
  if (target.startsWith("!date^")) {
    const [, seconds, format, url] = target.split("^");
    const shown = Number.isFinite(Number(seconds)) && format
      ? slackDate(Number(seconds), decode(format)) : label;
    return url ? link(decode(url), shown) : el("time", { title: label }, shown);
  }
  if (/^(https?:\/\/|mailto:|tel:)/i.test(target)) {
    const url = decode(target);
    return link(url, ...(label ? withEmoji(label) : [url.replace(/^mailto:|^tel:/, "")]));
  }
  return null;
}

/** A text object: plain_text shows as it is, mrkdwn is formatted. */
export function textObject(object) {
  if (!object) return [];
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  return object.emoji === false ? [document.createTextNode(object.text)] : lines(object.text);
}

// ---------------------------------------------------------------- standard markdown

/** The markdown block: headings, lists, fences, quotes, tables, paragraphs. */
export function markdown(source) {
  const nodes = [];
  const rows = source.replaceAll("\r", "").split("\n");
  let i = 0;
  const take = (test) => {
    const taken = [];
    while (i < rows.length && test(rows[i])) taken.push(rows[i++]);
    return taken;
  };
  while (i < rows.length) {
    const row = rows[i];
    const heading = /^(#{1,6})\s+(.*)$/.exec(row);
    if (/^```/.test(row)) {
      i += 1;
      const code = take((r) => !/^```/.test(r));
      i += 1;
      nodes.push(el("pre", {}, el("code", {}, code.join("\n"))));
    } else if (heading) {
      i += 1;
      nodes.push(el(`h${Math.min(6, heading[1].length + 2)}.md`, {}, ...span(heading[2])));
    } else if (/^\s*([-*+]|\d+[.)])\s+/.test(row)) {
      nodes.push(list(take((r) => /^\s*([-*+]|\d+[.)])\s+/.test(r) || /^\s{2,}\S/.test(r))));
    } else if (/^>\s?/.test(row)) {
      nodes.push(el("blockquote", {}, ...markdown(take((r) => /^>/.test(r)).map((r) => r.replace(/^>\s?/, "")).join("\n"))));
    } else if (/^\s*\|.*\|\s*$/.test(row) && /^\s*\|[\s:|-]+\|\s*$/.test(rows[i + 1] || "")) {
      nodes.push(pipeTable(take((r) => /^\s*\|.*\|\s*$/.test(r))));
    } else if (/^(-{3,}|\*{3,})$/.test(row.trim())) {
      i += 1;
      nodes.push(el("hr"));
    } else if (!row.trim()) {
      i += 1;
    } else {
      const block = /^(```|#{1,6}\s|\s*[-*+]\s|\s*\d+[.)]\s|>)/;
      const text = [rows[i++], ...take((r) => r.trim() && !block.test(r))];
      nodes.push(el("p", {}, ...text.flatMap((r, n) => [...(n ? [document.createElement("br")] : []), ...span(r)])));
    }
  }
  return nodes;
}

function list(rows) {
  const ordered = /^\s*\d/.test(rows[0]);
  const indent = /^\s*/.exec(rows[0])[0].length;
  const node = el(ordered ? "ol" : "ul");
  let i = 0;
  while (i < rows.length) {
    const own = rows[i++].replace(/^\s*([-*+]|\d+[.)])\s+/, "");
    const inner = [];
    while (i < rows.length && /^\s*/.exec(rows[i])[0].length > indent) inner.push(rows[i++]);
    const nested = inner.length && /^\s*([-*+]|\d+[.)])\s+/.test(inner[0]);
    node.append(el("li", {}, ...span(nested ? own : [own, ...inner.map((r) => r.trim())].join(" ")),
      nested ? list(inner) : null));
  }
  return node;
}

function pipeTable(rows) {
  const cells = (row) => row.trim().replace(/^\||\|$/g, "").split("|").map((c) => c.trim());
  const [head, , ...body] = rows;
  return el("div.scroll", {}, el("table.grid", {},
    el("thead", {}, el("tr", {}, cells(head).map((c) => el("th", {}, ...span(c))))),
    el("tbody", {}, body.map((row) => el("tr", {}, cells(row).map((c) => el("td", {}, ...span(c))))))));
}

/** Inline markdown: `code`, **bold**, *italic*, ~~strike~~, [text](url), bare URLs. */
function span(text) {
  const pattern = /(`[^`]+`)|\*\*([^*]+)\*\*|__([^_]+)__|~~([^~]+)~~|\*([^*\s][^*]*)\*|\b_([^_\s][^_]*)_\b|\[([^\]]+)\]\(([^)\s]+)\)|(https?:\/\/[^\s<>)]+)/g;
  const nodes = [];
  let position = 0;
  for (const match of text.matchAll(pattern)) {
    nodes.push(...withEmoji(text.slice(position, match.index)));
    position = match.index + match[0].length;
    const [, code, bold, bold2, strike, italic, italic2, label, url, bare] = match;
    if (code) nodes.push(el("code", {}, code.slice(1, -1)));
    else if (bold || bold2) nodes.push(el("strong", {}, ...span(bold || bold2)));
    else if (strike) nodes.push(el("s", {}, ...span(strike)));
    else if (italic || italic2) nodes.push(el("em", {}, ...span(italic || italic2)));
    else if (url) nodes.push(link(url, ...withEmoji(label)));
    else nodes.push(link(bare, bare));
  }
  nodes.push(...withEmoji(text.slice(position)));
  return nodes;
}
