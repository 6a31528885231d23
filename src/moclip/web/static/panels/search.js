// Search: words, or a clip, or a file of one's own; below the field a grid of what is found.

import * as api from "../api.js";
import { el, icon, plural } from "../dom.js";
import { filters } from "../filters.js";
import { extend, grid, playing } from "../grid.js";
import { message, runner } from "../states.js";

const PAGE = 24; // clips that are browsed at a time
const FOUND = 24; // clips that a search shows

export function create(app) {
  const field = el("input", { type: "search", name: "query", autocomplete: "off", placeholder: "a person waves with the right hand", "aria-label": "Describe a movement", maxlength: app.health.limits.prompt });
  const like = el("div", { class: "like" });
  const summary = el("p", { class: "summary", role: "status" });
  const results = el("div", { class: "results" });
  const run = runner(results);
  const narrowed = filters(app.library, () => refresh());
  const picker = el("input", { type: "file", hidden: true, onchange: picked });
  const form = el(
    "form",
    { class: "prompt large", role: "search", onsubmit: (event) => (event.preventDefault(), ask()) },
    icon("search"),
    field,
    el("button", { class: "round plain", type: "button", title: "Search with a motion file of your own", "aria-label": "Search with a motion file", onclick: () => picker.click() }, icon("upload")),
    narrowed.button,
    el("button", { class: "button primary" }, "Search"),
  );
  const chips = el("div", { class: "chips", "aria-label": "Examples" }, app.library.prompts.slice(0, 8).map((words) =>
    el("button", { class: "chip", type: "button", onclick: () => app.go("search", { query: words }) }, words)));
  const hero = el(
    "div",
    { class: "hero" },
    el("h1", {}, "Find a movement in words"),
    el("p", { class: "quiet" }, `${plural(app.library.clips, "clip")}, ${Math.round(app.library.seconds / 60)} minutes of motion. Describe what the body does, or drop a motion file here.`),
    form, picker, narrowed.node, chips,
  );
  const node = el("section", { class: "search" }, hero, like, summary, results);
  let state = null;
  field.addEventListener("search", () => field.value === "" && state?.query && ask());
  return { node, show, take };

  function ask() {
    const words = field.value.trim();
    if (words && words === state?.query) refresh();
    else app.go("search", words ? { query: words } : {});
  }

  function show({ query, clip }) {
    if (state && !state.file && state.query === query && state.clip === clip) return;
    state = { query, clip };
    field.value = query ?? "";
    refresh();
  }

  function refresh() {
    node.classList.toggle("asked", Boolean(state.query || state.clip));
    like.replaceChildren();
    summary.textContent = "";
    if (state.clip) return run(() => alike(state.clip), found, "Comparing movements…");
    if (state.query) return run(() => api.search({ query: state.query, k: FOUND, filter: narrowed.value() }), found, "Searching…");
    return run(() => page(0), browse, "Opening the library…");
  }

  async function alike(id) {
    const [clip, answer] = await Promise.all([api.about(id), api.search({ clip: id, k: FOUND, filter: narrowed.value() })]);
    const clear = el("button", { class: "button", type: "button", onclick: () => app.go("search") }, "Clear");
    like.replaceChildren(playing(app, id), el("div", {}, el("span", { class: "quiet" }, clip.kind === "upload" ? "Clips like your file" : "Clips like"), el("strong", {}, clip.title)), clear);
    return answer;
  }

  function found({ hits, milliseconds }) {
    if (hits.length === 0) return message("Nothing fits these filters", "Let in more lengths, folders or labels.", el("button", { class: "button", onclick: () => narrowed.clear() }, "Clear the filters"));
    summary.textContent = `${plural(hits.length, "clip")}, best first · ${milliseconds.toFixed(0)} ms`;
    return grid(app, hits);
  }

  function page(offset) {
    return api.browse({ offset, limit: PAGE, ...narrowed.value() });
  }

  function browse({ total, clips }) {
    if (total === 0) return message("The library is empty", "Add clips with `moclip index add`, or let in more with the filters.");
    summary.textContent = `The library · ${plural(total, "clip")}`;
    const cards = grid(app, clips.map((clip) => ({ clip })));
    const more = el("button", { class: "button more", type: "button", onclick: () => further(cards, more, total) }, "Show more");
    return clips.length < total ? [cards, more] : [cards];
  }

  async function further(cards, more, total) {
    more.disabled = true;
    try {
      const next = await page(cards.children.length);
      extend(app, cards, next.clips.map((clip) => ({ clip })));
      more.textContent = "Show more";
    } catch (error) {
      more.textContent = `${error.message} Try again`;
    }
    more.disabled = false;
    more.hidden = cards.children.length >= total;
  }

  function picked() {
    if (picker.files[0]) take(picker.files[0]);
    picker.value = ""; // so that the same file, repaired, is a change
  }

  /** Searches with a file; what was shown until now is no longer. */
  function take(file) {
    const limit = app.health.limits.upload;
    state = { file: file.name };
    run(async () => {
      if (file.size > limit) throw new api.ServiceError(413, `${file.name} has ${(file.size / 1e6).toFixed(1)} MB; at most ${(limit / 1e6).toFixed(0)} MB are read.`);
      const clip = await api.upload(file);
      app.go("search", { clip: clip.id });
    }, () => [], `Reading ${file.name}…`);
  }
}
