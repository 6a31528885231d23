// Edit: base - from + to, with words or clips in each place.

import * as api from "../api.js";
import { downloads } from "../downloads.js";
import { el } from "../dom.js";
import { item, lacking, seed, slider } from "../items.js";
import { message, runner } from "../states.js";
import { Viewer } from "../viewer.js";

const EXAMPLE = ["a person walks", "a person walks", "a person runs"];

export function create(app) {
  const missing = lacking(app, "edit movements");
  const intro = el("div", { class: "intro" }, el("h1", {}, "Change one thing about a movement"), el("p", { class: "quiet" }, "Take a motion, say what it is like now and what it should be like. The difference of the two is added to it."));
  if (missing) return { node: el("section", { class: "work" }, intro, missing) };

  const base = item(app, "Base", { placeholder: EXAMPLE[0], words: EXAMPLE[0] });
  const from = item(app, "Less of", { placeholder: EXAMPLE[1], words: EXAMPLE[1] });
  const to = item(app, "More of", { placeholder: EXAMPLE[2], words: EXAMPLE[2] });
  const most = app.health.limits.seconds;
  const scale = slider("Strength", { min: 0, max: 3, step: 0.1, value: 1.3, unit: "×" });
  const seconds = slider("Length", { min: 1, max: most, step: 0.5, value: Math.min(3, most), unit: " s" });
  const number = seed();
  const hint = el("p", { class: "hint", role: "alert" });
  const results = el("div", { class: "results" }, message("Nothing edited yet", "Fill in the three places and press Edit."));
  const run = runner(results);
  const viewer = new Viewer(app); // one for all answers: browsers give a page few WebGL contexts
  const sign = (text) => el("span", { class: "sign", "aria-hidden": "true" }, text);
  const form = el(
    "form",
    { class: "controls", onsubmit: (event) => (event.preventDefault(), make()) },
    el("div", { class: "equation" }, base.node, sign("−"), from.node, sign("+"), to.node),
    scale.node, seconds.node, number.node,
    el("button", { class: "button primary" }, "Edit"), hint,
  );
  const node = el("section", { class: "work" }, intro, el("div", { class: "desk" }, form, results));
  return { node, show };

  async function show(parameters) {
    if (parameters.base) await base.take(parameters.base).catch((error) => (hint.textContent = error.message));
  }

  function make() {
    const places = { base: base.value(), from: from.value(), to: to.value() };
    const whole = Object.values(places).every(Boolean);
    hint.textContent = whole ? "" : "Base, less of and more of each need words or a clip.";
    if (!whole) return;
    const shared = { ...places, seconds: seconds.value(), seed: number.value() };
    run(() => both(shared), edited, "Editing…");
  }

  /** The motion before and after: before is the clip that was given, or the edit at strength 0. */
  async function both(shared) {
    const after = api.edit({ ...shared, scale: scale.value() }).then(({ clips }) => clips[0]);
    const before = shared.base.clip ? api.about(shared.base.clip) : api.edit({ ...shared, scale: 0 }).then(({ clips }) => clips[0]);
    return Promise.all([before, after]);
  }

  function edited([before, after]) {
    const named = [{ ...before, title: `Before: ${base.name()}` }, { ...after, title: `After: − ${from.name()} + ${to.name()}` }];
    viewer.show(named).catch((error) => (hint.textContent = error.message));
    return el("div", { class: "blended" }, viewer.node, downloads(app, after));
  }
}
