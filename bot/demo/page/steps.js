// The app's steps for Workflow Builder: what a workflow would fill in, asked of the visitor.

import { el, fill, uid } from "./dom.js";
import { act, notice, state } from "./store.js";
import { t } from "./words.js";

const KINDS = { boolean: "checkbox", number: "number", integer: "number" };

function field(one) {
  const label = el("span.label", {}, one.title || one.name,
    one.required ? null : el("small", {}, ` (${t("optional")})`));
  if (one.kind.endsWith("user_id")) return el("label.block.input", {}, label, people(one), hint(one));
  const type = KINDS[one.kind] || "text";
  const input = el(`input${type === "checkbox" ? "" : ".field"}`, {
    type, name: one.name, required: one.required && type !== "checkbox",
    step: one.kind === "integer" ? 1 : type === "number" ? "any" : undefined,
  });
  return el("label.block.input", {}, label, input, hint(one));
}

const hint = (one) => (one.description ? el("div.hint", {}, one.description) : null);

function people(one) {
  return el("select.field", { name: one.name, required: one.required },
    el("option", { value: "" }, t("choose")),
    [...state.users.values()].filter((u) => !u.is_bot)
      .map((u) => el("option", { value: u.id }, u.real_name)));
}

function valueOf(form, one) {
  const input = form.elements[one.name];
  if (one.kind === "boolean") return input.checked;
  if (input.value === "") return null;
  return KINDS[one.kind] === "number" ? Number(input.value) : input.value;
}

/** Ask for a step's inputs and run it. */
export function askStep(step) {
  const box = document.getElementById("confirm");
  const titleId = uid("step");
  box.setAttribute("aria-labelledby", titleId);
  const form = el("form", {
    onsubmit: async (event) => {
      event.preventDefault();
      const inputs = Object.fromEntries(step.inputs.map((one) => [one.name, valueOf(form, one)]));
      const answer = await act("run_step", { callback_id: step.callback_id, inputs });
      if (answer.ok) box.close();
      else notice(answer.error);
    },
  },
  el("h2", { id: titleId }, step.title),
  el("div.body", {}, step.description ? el("p.hint", {}, step.description) : null, step.inputs.map(field)),
  el("div.foot", {},
    el("button.button", { type: "button", onclick: () => box.close() }, t("cancel")),
    el("button.button.primary", { type: "submit" }, t("run_step"))));
  fill(box, form);
  box.oncancel = null;
  box.showModal();
}
