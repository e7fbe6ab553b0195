// Modals: the topmost view of the visitor's stack, in a <dialog>.

import { el, fill, icon, uid } from "./dom.js";
import { blocks } from "./blocks.js";
import { viewContext } from "./messages.js";
import { textObject } from "./mrkdwn.js";
import { act, notice, state } from "./store.js";
import { t } from "./words.js";

const box = document.getElementById("modal");
const drafts = new Map(); // view id → block id → what was typed
let shown = null;

function draftsOf(view) {
  if (!drafts.has(view.id)) drafts.set(view.id, new Map());
  return drafts.get(view.id);
}

/** What was typed but not submitted, laid over the view's own state. */
function withDrafts(view) {
  const typed = draftsOf(view);
  const values = structuredClone(view.state.values);
  for (const block of view.blocks) {
    const element = block.element;
    if (block.type !== "input" || !typed.has(block.block_id)) continue;
    const entry = values[block.block_id]?.[element.action_id];
    if (!entry) continue;
    const value = typed.get(block.block_id);
    const options = [...(element.options || []), ...(element.option_groups || []).flatMap((g) => g.options)];
    if ("selected_options" in entry) entry.selected_options = options.filter((o) => value?.includes(o.value));
    else if ("selected_option" in entry) entry.selected_option = options.find((o) => o.value === value);
    else {
      const field = Object.keys(entry).find((k) => k === "value" || k.startsWith("selected_"));
      if (field) entry[field] = value;
    }
  }
  return { ...view, state: { values } };
}

async function submit(view) {
  const node = box.querySelector("button.primary");
  node?.setAttribute("aria-busy", "true");
  const answer = await act("submit", { view: view.id, values: Object.fromEntries(draftsOf(view)) });
  node?.removeAttribute("aria-busy");
  if (answer.ok) drafts.delete(view.id);
  else if (answer.error === "offline") notice(answer.error);
}

const close = (all) => act("close", { all });

/** Show the topmost modal, or none. */
export function showModals() {
  const view = state.modals.at(-1);
  if (!view) {
    shown = null;
    drafts.clear();
    if (box.open) box.close();
    return;
  }
  const mark = JSON.stringify(view);
  if (shown === mark && box.open) return;
  const same = shown !== null && JSON.parse(shown).id === view.id;
  const focused = same && box.contains(document.activeElement) ? document.activeElement.dataset.focus : null;
  const top = same ? box.querySelector(".body")?.scrollTop : 0;
  shown = mark;
  const titleId = uid("modal");
  box.setAttribute("aria-labelledby", titleId);
  const deep = state.modals.length > 1;
  const form = el("form", {
    onsubmit: (event) => { event.preventDefault(); submit(view); },
  },
  el("header.head", {},
    deep ? el("button.button.quiet", { type: "button", "aria-label": t("back"), onclick: () => close(false) }, icon("left")) : null,
    el("h2", { id: titleId }, ...textObject(view.title)),
    el("button.button.quiet", { type: "button", "aria-label": t("close"), onclick: () => close(true) }, icon("close"))),
  el("div.body", {}, blocks(view.blocks, viewContext(withDrafts(view), draftsOf(view)))),
  el("footer.foot", {},
    el("button.button", { type: "button", onclick: () => close(false) },
      ...(view.close ? textObject(view.close) : [t(view.submit ? "cancel" : "close")])),
    view.submit ? el("button.button.primary", { type: "submit" }, ...textObject(view.submit)) : null));
  fill(box, form);
  if (!box.open) box.showModal();
  box.querySelector(".body").scrollTop = top || 0;
  const wanted = focused && box.querySelector(`[data-focus="${CSS.escape(focused)}"]`);
  (wanted || box.querySelector(".wrong .field, [autofocus], .body .field, .foot .button"))?.focus();
}

box.addEventListener("cancel", (event) => { event.preventDefault(); close(false); });
