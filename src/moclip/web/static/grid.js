// A grid of playing figures: cards that open on a click or Enter and that arrow keys move between.

import * as api from "./api.js";
import { duration, el } from "./dom.js";
import { painter } from "./scene/painter.js";

/** A small canvas in which the clip plays; it fetches the joints by itself. */
export function playing(app, id) {
  const canvas = el("canvas", { class: "figure", "aria-hidden": "true" });
  const holder = el("div", { class: "picture waiting" }, canvas);
  api.motion(id).then(
    (motion) => {
      const view = painter.add(canvas, motion, app.skeleton);
      view.onfail = () => broken("This browser has no WebGL to draw figures with.");
      view.ondraw = (share) => {
        holder.classList.remove("waiting");
        holder.style.setProperty("--played", share.toFixed(3));
      };
    },
    (error) => broken(error.message),
  );
  return holder;

  function broken(words) {
    holder.classList.replace("waiting", "broken");
    holder.append(el("span", { class: "quiet" }, words));
  }
}

/**
 * Cards of clips, `entries` being { clip, score?, note? }.
 * `choose(clip, clips)` is called for the one picked; by default the large player opens.
 */
export function grid(app, entries, { choose = app.open, small = false } = {}) {
  const clips = entries.map(({ clip }) => clip);
  const best = Math.max(...entries.map(({ score }) => score ?? 0), 1e-6);
  const cards = entries.map((entry) => card(app, entry, best, () => choose(entry.clip, clips)));
  const node = el("div", { class: small ? "grid small" : "grid", role: "list", onkeydown: (event) => move(event, node) }, cards);
  return node;
}

/** More cards at the end of a grid that is there. */
export function extend(app, node, entries, options) {
  node.append(...grid(app, entries, options).children);
}

function card(app, { clip, score, note }, best, open) {
  const name = clip.title || clip.id;
  const button = el(
    "button",
    { class: "card", type: "button", onclick: open, "data-clip": clip.id, title: name, "aria-label": `Play: ${name}` },
    playing(app, clip.id),
    el("span", { class: "name" }, name),
    el(
      "span",
      { class: "facts" },
      el("span", {}, [clip.labels[0]?.replaceAll("_", " "), duration(clip.seconds)].filter(Boolean).join(" · ")),
      score !== undefined && match(score, best),
      note && el("span", {}, note),
    ),
  );
  return el("div", { role: "listitem" }, button);
}

/** The cosine, and a bar of its share of the best one's. */
function match(score, best) {
  const share = Math.max(0, Math.min(1, score / best));
  return el(
    "span",
    { class: "match", title: `Cosine ${score.toFixed(3)}` },
    el("span", { class: "bar", "aria-hidden": "true" }, el("span", { style: { "--share": share.toFixed(3) } })),
    score.toFixed(2),
  );
}

function move(event, node) {
  const cards = [...node.querySelectorAll(".card")];
  const at = cards.indexOf(document.activeElement);
  const wide = getComputedStyle(node).gridTemplateColumns.split(" ").length;
  const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: wide, ArrowUp: -wide }[event.key];
  if (at < 0 || !step || !cards[at + step]) return;
  event.preventDefault();
  cards[at + step].focus();
}
