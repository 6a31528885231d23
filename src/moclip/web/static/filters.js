// Which clips may be found: by length, folder and label.

import { el, fresh, icon } from "./dom.js";

/** { button, node, value(), clear() }; `changed` is called after every change. */
export function filters(library, changed) {
  const id = fresh("filters");
  const fields = {
    min_seconds: el("input", { type: "number", min: 0, step: 0.5, placeholder: "any", inputmode: "decimal" }),
    max_seconds: el("input", { type: "number", min: 0, step: 0.5, placeholder: "any", inputmode: "decimal" }),
    folder: choices(library.folders, "All folders"),
    label: choices(library.labels, "All labels"),
  };
  const labels = { min_seconds: "At least, s", max_seconds: "At most, s", folder: "Folder", label: "Label" };
  const clearing = el("button", { class: "button plain", type: "button", onclick: clear }, "Clear");
  const shown = Object.entries(fields).filter(([name]) => !library[`${name}s`] || library[`${name}s`].length > 0);
  const node = el("div", { class: "filters", id, hidden: true }, shown.map(([name, field]) => el("label", {}, labels[name], field)), clearing);
  const button = el("button", { class: "round plain", type: "button", "aria-label": "Filters", title: "Filters", "aria-expanded": "false", "aria-controls": id, onclick: toggle }, icon("filter"));
  node.addEventListener("change", () => (mark(), changed()));
  return { button, node, value, clear };

  function toggle() {
    node.hidden = !node.hidden;
    button.setAttribute("aria-expanded", String(!node.hidden));
  }

  function value() {
    const given = shown.filter(([, field]) => field.value !== "");
    return Object.fromEntries(given.map(([name, field]) => [name, field.type === "number" ? Number(field.value) : field.value]));
  }

  function clear() {
    for (const field of Object.values(fields)) field.value = "";
    mark();
    changed();
  }

  function mark() {
    button.classList.toggle("active", Object.keys(value()).length > 0);
  }
}

function choices(entries, all) {
  const named = entries.map(({ name, clips }) => el("option", { value: name }, `${name.replaceAll("_", " ")} (${clips})`));
  return el("select", {}, el("option", { value: "" }, all), named);
}
