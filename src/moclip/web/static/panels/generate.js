// Generate: words in, motions out; earlier ones stay below.

import * as api from "../api.js";
import { el, fresh, plural } from "../dom.js";
import { grid } from "../grid.js";
import { lacking, seed, slider } from "../items.js";
import { message, runner } from "../states.js";

const KEPT = 8; // earlier answers that stay on the page

export function create(app) {
  const missing = lacking(app, "make motions", false);
  const intro = el("div", { class: "intro" }, el("h1", {}, "Make a movement from words"), el("p", { class: "quiet" }, "Say what the body does, for how long, and how many versions you would like."));
  if (missing) return { node: el("section", { class: "work" }, intro, missing) };

  const id = fresh("words");
  const field = el("textarea", { id, rows: 3, maxlength: app.health.limits.prompt, placeholder: "a person walks forward, then sits down" });
  const most = app.health.limits.seconds;
  const seconds = slider("Length", { min: 1, max: most, step: 0.5, value: Math.min(3, most), unit: " s" });
  const count = slider("Versions", { min: 1, max: 4, step: 1, value: 2 });
  const number = seed();
  const hint = el("p", { class: "hint", role: "alert" });
  const results = el("div", { class: "results" }, message("Nothing made yet", "Motions appear here and stay as long as the page and the server do."));
  const earlier = el("div", { class: "earlier" });
  const run = runner(results);
  const chips = el("div", { class: "chips" }, app.library.prompts.slice(0, 5).map((words) =>
    el("button", { class: "chip", type: "button", onclick: () => ((field.value = words), make()) }, words)));
  const form = el(
    "form",
    { class: "controls", onsubmit: (event) => (event.preventDefault(), make()) },
    el("div", { class: "field" }, el("label", { for: id }, "Movement"), field),
    chips, seconds.node, count.node, number.node,
    el("button", { class: "button primary" }, "Generate"), hint,
  );
  field.addEventListener("keydown", (event) => event.key === "Enter" && !event.shiftKey && (event.preventDefault(), make()));
  const node = el("section", { class: "work" }, intro, el("div", { class: "desk" }, form, el("div", {}, results, earlier)));
  return { node, show: ({ prompt }) => prompt && ((field.value = prompt), make()) };

  function make() {
    const prompt = field.value.trim();
    hint.textContent = prompt ? "" : "Say first what the body does.";
    if (!prompt) return field.focus();
    keep();
    const request = { prompt, seconds: seconds.value(), seed: number.value(), n: count.value() };
    run(() => api.generate(request), (answer) => made(request, answer.clips), "Making motions…");
  }

  function made(request, clips) {
    const facts = `${plural(clips.length, "version")} · ${request.seconds} s · seed ${request.seed}`;
    return el("section", { class: "made" }, el("h2", {}, request.prompt), el("p", { class: "summary" }, facts), grid(app, clips.map((clip, index) => ({ clip, note: `Version ${index + 1}` }))));
  }

  function keep() {
    const last = results.querySelector(".made");
    if (last) earlier.prepend(last);
    while (earlier.children.length > KEPT) earlier.lastChild.remove();
  }
}
