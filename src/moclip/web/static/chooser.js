// A dialog to pick one clip: those at hand first, then whatever a search finds.

import * as api from "./api.js";
import { el, icon } from "./dom.js";
import { grid } from "./grid.js";
import { message, runner } from "./states.js";

/** Resolves to the clip that was picked, or to null. */
export function chooser(app, title, nearby = []) {
  return new Promise((resolve) => {
    const results = el("div", { class: "results" });
    const run = runner(results);
    const field = el("input", { type: "search", placeholder: "Describe a movement", "aria-label": "Describe a movement", maxlength: app.health.limits.prompt, autofocus: true });
    const close = el("button", { class: "round plain", type: "button", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"));
    const form = el("form", { class: "prompt", onsubmit: (event) => (event.preventDefault(), find()) }, icon("search"), field, el("button", { class: "button primary" }, "Search"));
    const dialog = el("dialog", { class: "chooser", "aria-label": title }, el("div", { class: "bar" }, el("h2", {}, title), el("span", { class: "spring" }), close), form, results);
    let picked = null;
    dialog.addEventListener("close", () => (dialog.remove(), resolve(picked)));
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    document.body.append(dialog);
    dialog.showModal();
    show(nearby.map((clip) => ({ clip })));
    if (nearby.length === 0) run(async () => (await api.browse({ limit: 12 })).clips.map((clip) => ({ clip })), cards);

    function find() {
      if (field.value.trim()) run(async () => (await api.search({ query: field.value, k: 12 })).hits, cards);
    }
    function show(entries) {
      results.replaceChildren(cards(entries));
    }
    function cards(entries) {
      if (entries.length === 0) return message("Nothing found", "Try other words.");
      return grid(app, entries, { small: true, choose: (clip) => ((picked = clip), dialog.close()) });
    }
  });
}
