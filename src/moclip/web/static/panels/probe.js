// Probe: reword a prompt, by hand or by an attack, and see where the clips that it found have gone.

import * as api from "../api.js";
import { el, fresh } from "../dom.js";
import { message, runner } from "../states.js";
import { outcomeList, wordStrip } from "../variations.js";
import { slopes } from "../slopes.js";

const FOUND = 8;
const PAUSE = 500; // milliseconds without a keystroke before the typed wording is tried
const GROUPS = {
  attack: ["Same meaning", "A good model still finds the same clips."],
  embedding: ["Noise inside the model", "Vectors are moved instead of words."],
  control: ["Other meaning", "A good model finds something else."],
};

export function create(app) {
  const ids = [fresh("prompt"), fresh("typed")];
  const prompt = el("input", { id: ids[0], type: "text", maxlength: app.health.limits.prompt, value: app.library.prompts[0] ?? "a person waves" });
  const typed = el("textarea", { id: ids[1], rows: 2, maxlength: app.health.limits.prompt, placeholder: "somebody is greeting with a hand", oninput: soon });
  const chosen = new Set();
  const attacks = el("div", { class: "groups" });
  const results = el("div", { class: "results" }, message("Nothing probed yet", "Type a prompt; each of its words is taken out in turn."));
  const run = runner(results);
  const form = el(
    "form",
    { class: "controls", onsubmit: (event) => (event.preventDefault(), probe()) },
    el("div", { class: "field" }, el("label", { for: ids[0] }, "Prompt"), prompt),
    el("div", { class: "field" }, el("label", { for: ids[1] }, "Your own attack: say it differently"), typed),
    attacks,
    el("button", { class: "button primary" }, "Probe"),
  );
  const intro = el("div", { class: "intro" }, el("h1", {}, "How sure is the search?"), el("p", { class: "quiet" }, "Change the words and watch the ranks. Lines that fall are clips that the search has lost."));
  const node = el("section", { class: "work" }, intro, el("div", { class: "desk" }, form, results));
  list();
  let timer = 0;
  let shown = false;
  return { node, show: (parameters) => open(parameters) };

  function open({ prompt: words }) {
    if (words) prompt.value = words;
    if (!shown || words) probe();
    shown = true;
  }

  async function list() {
    try {
      const offered = (await api.attacks()).attacks;
      attacks.replaceChildren(...Object.entries(GROUPS).map(([kind, [title, words]]) => group(title, words, offered.filter((one) => one.kind === kind))).filter(Boolean));
    } catch (error) {
      attacks.replaceChildren(el("p", { class: "hint" }, error.message), el("button", { class: "button", type: "button", onclick: list }, "Try again"));
    }
  }

  function group(title, words, members) {
    if (members.length === 0) return null;
    const chips = members.map(({ name, about }) => {
      const chip = el("button", { class: "chip", type: "button", "aria-pressed": "false", title: about, "data-attack": name }, name.replaceAll("_", " "));
      chip.addEventListener("click", () => toggle(chip, name));
      return chip;
    });
    return el("fieldset", {}, el("legend", {}, title), el("p", { class: "quiet" }, words), el("div", { class: "chips" }, chips));
  }

  function toggle(chip, name) {
    if (!chosen.delete(name)) chosen.add(name);
    chip.setAttribute("aria-pressed", String(chosen.has(name)));
    soon();
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(probe, PAUSE);
  }

  function probe() {
    clearTimeout(timer);
    const words = prompt.value.trim();
    if (!words) return results.replaceChildren(message("Nothing to probe", "Type a prompt first."));
    const request = { prompt: words, attacks: [...chosen], typed: typed.value.trim() || null, seed: 0, k: FOUND };
    return run(() => api.attack(request), probed, "Rewording and searching again…");
  }

  function probed(answer) {
    if (answer.hits.length === 0) return message("The library is empty", "There are no ranks to move.");
    const chart = el("div", { class: "chart" });
    const parts = [wordStrip(answer, pick), outcomeList(answer, pick)];
    const latest = answer.outcomes.at(-1);
    const heaviest = answer.words.toSorted((a, b) => b.degrees - a.degrees)[0];
    if (latest) pick(latest, latest.text);
    else if (heaviest) pick(heaviest, without(answer.prompt, heaviest));
    return el("div", { class: "probed" }, parts, chart);

    function pick(variation, words) {
      for (const button of parts.flatMap((part) => [...part.querySelectorAll("button")])) {
        button.setAttribute("aria-pressed", String(button.variation === variation));
      }
      chart.replaceChildren(slopes(app, answer, variation, words));
    }
  }
}

function without(prompt, { start, end }) {
  return `${prompt.slice(0, start)}…${prompt.slice(end)}`;
}
