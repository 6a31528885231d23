// Blend: two prompts or clips, the model's way from one to the other, and a slider along it.

import * as api from "../api.js";
import { downloads } from "../downloads.js";
import { el, range } from "../dom.js";
import { grid } from "../grid.js";
import { item, lacking, seed, slider } from "../items.js";
import { message, runner } from "../states.js";
import { Viewer } from "../viewer.js";

export function create(app) {
  const missing = lacking(app, "blend two movements");
  const intro = el("div", { class: "intro" }, el("h1", {}, "Blend two movements"), el("p", { class: "quiet" }, "The model decodes points between the two, so that each step is a whole motion and not a cross-fade of poses."));
  if (missing) return { node: el("section", { class: "work" }, intro, missing) };

  const [first, second] = app.library.prompts;
  const one = item(app, "From", { placeholder: "a person waves", words: first ?? "" });
  const other = item(app, "To", { placeholder: "a person bows", words: second ?? "" });
  const most = app.health.limits.seconds;
  const steps = slider("Steps", { min: 2, max: 9, step: 1, value: 7 });
  const seconds = slider("Length", { min: 1, max: most, step: 0.5, value: Math.min(3, most), unit: " s" });
  const round = el("input", { type: "checkbox" });
  const number = seed();
  const hint = el("p", { class: "hint", role: "alert" });
  const results = el("div", { class: "results" }, message("Nothing blended yet", "Choose two movements and press Blend."));
  const run = runner(results);
  const viewer = new Viewer(app); // one for all answers: browsers give a page few WebGL contexts
  const form = el(
    "form",
    { class: "controls", onsubmit: (event) => (event.preventDefault(), blend()) },
    one.node, other.node, steps.node, seconds.node,
    el("label", { class: "check" }, round, "Along the sphere (spherical), not the straight line"),
    number.node, el("button", { class: "button primary" }, "Blend"), hint,
  );
  const node = el("section", { class: "work" }, intro, el("div", { class: "desk" }, form, results));
  return { node, show };

  async function show(parameters) {
    if (parameters.one) await one.take(parameters.one).catch((error) => (hint.textContent = error.message));
    if (parameters.other) await other.take(parameters.other).catch((error) => (hint.textContent = error.message));
  }

  function blend() {
    const [a, b] = [one.value(), other.value()];
    hint.textContent = a && b ? "" : "Both sides need words or a clip.";
    if (!a || !b) return;
    const request = { one: a, other: b, steps: steps.value(), spherical: round.checked, seconds: seconds.value(), seed: number.value() };
    run(() => api.interpolate(request), ({ clips }) => blended(clips), "Blending…");
  }

  function blended(clips) {
    const files = el("div", {});
    const middle = Math.floor((clips.length - 1) / 2);
    const mix = range({ min: 0, max: clips.length - 1, step: 1, value: middle, "aria-label": "How far along the way", oninput: (index) => turn(index) });
    const share = el("output", {});
    const bar = el("div", { class: "mix" }, el("span", {}, one.name()), mix, el("span", {}, other.name()), share);
    const row = grid(app, clips.map((clip, index) => ({ clip, note: percent(index) })), { small: true, choose: (clip) => turn(clips.indexOf(clip)) });
    turn(middle, false);
    return el("div", { class: "blended" }, viewer.node, bar, row, files);

    function turn(index, keep = true) {
      mix.put(index);
      share.value = percent(index);
      row.querySelectorAll(".card").forEach((card, at) => card.setAttribute("aria-current", String(at === index)));
      files.replaceChildren(downloads(app, clips[index]));
      viewer.show([clips[index]], { keep }).catch((error) => (hint.textContent = error.message));
    }

    function percent(index) {
      return `${Math.round((100 * index) / (clips.length - 1))} %`;
    }
  }
}
