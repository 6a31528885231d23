// Map: all clips where the model puts them, in the two directions in which they differ most.

import * as api from "../api.js";
import { el, icon, plural } from "../dom.js";
import { playing } from "../grid.js";
import { Plane } from "../plane.js";
import { message, runner } from "../states.js";

const COLOURS = 9; // labels that get a colour of their own
const MARKED = 12; // clips that a search marks

export function create(app) {
  const results = el("div", { class: "results" });
  const run = runner(results);
  const intro = el("div", { class: "intro" }, el("h1", {}, "The library as the model sees it"), el("p", { class: "quiet" }, "Clips that mean alike lie together. Point at one to play it, drag to move, scroll or pinch to come closer."));
  const node = el("section", { class: "work map" }, intro, results);
  let plane = null;
  return { node, show: () => (plane ? plane.fit() : load()) };

  function load() {
    return run(() => api.map(), drawn, "Drawing the map…");
  }

  function drawn(answer) {
    if (answer.points.length === 0) return message("The library is empty", "There is nothing to put on a map.");
    const groups = ranked(answer.points);
    const card = el("div", { class: "hover", hidden: true });
    plane = new Plane(answer.points, new Map(groups.slice(0, COLOURS).map(({ label }, index) => [label, index])), { point: (at, place) => show(card, at, place), open });
    const legend = el("div", { class: "legend", role: "group", "aria-label": "Labels" }, groups.slice(0, COLOURS).map(({ label, count }, index) => key(label, count, index)));
    const found = el("output", { class: "quiet" });
    const field = el("input", { type: "search", placeholder: "Mark what a prompt finds", "aria-label": "Mark what a prompt finds", maxlength: app.health.limits.prompt });
    const form = el("form", { class: "prompt", onsubmit: (event) => (event.preventDefault(), mark(field.value.trim(), found)) }, icon("search"), field, el("button", { class: "button primary" }, "Mark"));
    const shares = answer.explained.map((share) => `${Math.round(100 * share)} %`).join(" and ");
    const some = answer.points.length < answer.total ? `${plural(answer.points.length, "clip")} of ${answer.total.toLocaleString("en")}` : plural(answer.total, "clip");
    const facts = el("p", { class: "summary" }, `${some}. Principal components: ${shares} of the variance, so distances on the screen are a hint and not a measure.`);
    return el("div", { class: "atlas" }, el("div", { class: "row" }, form, found), el("div", { class: "sheet" }, plane.canvas, card), legend, facts);
  }

  function key(label, count, index) {
    const button = el("button", { class: "key", type: "button", "aria-pressed": "false", "data-colour": index }, el("span", { class: `dot colour-${index}` }), `${label.replaceAll("_", " ")} (${count})`);
    button.addEventListener("click", () => {
      const on = button.getAttribute("aria-pressed") !== "true";
      for (const other of button.parentNode.children) other.setAttribute("aria-pressed", String(on && other === button));
      plane.only(on ? label : null);
    });
    return button;
  }

  async function mark(query, found) {
    if (!query) return plane.mark([]), (found.value = "");
    try {
      const { hits } = await api.search({ query, k: MARKED });
      const there = plane.mark(hits.map(({ clip }) => clip.id));
      found.value = `${there} of the ${hits.length} best are on this map`;
    } catch (error) {
      found.value = error.message;
    }
  }

  function show(card, point, place) {
    card.hidden = !point;
    if (!point) return card.replaceChildren();
    if (card.dataset.id !== point.id || !card.firstChild) card.replaceChildren(playing(app, point.id), el("span", { class: "name" }, point.title));
    card.dataset.id = point.id;
    const [right, low] = [place.x > place.width - 220, place.y > place.height - 260];
    card.style.translate = `${right ? place.x - 206 : place.x + 14}px ${low ? Math.max(place.y - 258, 6) : place.y + 14}px`;
  }

  async function open(point, near) {
    const clips = await Promise.all([point, ...near].map(({ id }) => api.about(id)));
    app.open(clips[0], clips);
  }
}

function ranked(points) {
  const counts = new Map();
  for (const { label } of points) if (label) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts].map(([label, count]) => ({ label, count })).sort((a, b) => b.count - a.count);
}
