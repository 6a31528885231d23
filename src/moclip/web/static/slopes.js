// A chart of ranks before and after: clips at the left in their first order, at the right in the new one.

import { el, svg } from "./dom.js";
import { playing } from "./grid.js";

const ROW = 62; // pixels
const [WIDE, MARGIN] = [200, 6];

export function slopes(app, { hits, prompt }, variation, words) {
  const order = variation.ranks.map((rank, index) => ({ rank, index })).sort((a, b) => a.rank - b.rank);
  const slot = order.reduce((slots, { index }, at) => slots.with(index, at), variation.ranks.map(() => 0));
  const lines = hits.map((_, index) => line(index, slot[index], variation.ranks[index]));
  const chart = svg("svg", { class: "lines", viewBox: `0 0 ${WIDE} ${ROW * hits.length}`, preserveAspectRatio: "none", "aria-hidden": "true" }, lines);
  const before = hits.map(({ clip }, index) => entry(app, clip, hits, index + 1));
  const after = order.map(({ rank, index }) => el("div", { class: `rank ${trend(index + 1, rank)}` }, el("strong", {}, rank.toLocaleString("en")), el("span", {}, change(index + 1, rank)), el("span", { class: "title" }, hits[index].clip.title)));
  return el(
    "section",
    { class: "slopes" },
    el("div", { class: "heads" }, el("h3", {}, `“${prompt}”`), el("h3", {}, `“${words}”`)),
    el("div", { class: "columns" }, el("div", { class: "before" }, before), chart, el("div", { class: "after" }, after)),
  );
}

function entry(app, clip, hits, rank) {
  const open = () => app.open(clip, hits.map((hit) => hit.clip));
  return el("button", { class: "entry", type: "button", onclick: open, "aria-label": `Play: ${clip.title}` }, el("strong", {}, rank), playing(app, clip.id), el("span", {}, clip.title));
}

function line(from, to, rank) {
  const [y0, y1] = [ROW * (from + 0.5), ROW * (to + 0.5)];
  const bend = `M${MARGIN} ${y0} C${WIDE / 2} ${y0} ${WIDE / 2} ${y1} ${WIDE - MARGIN} ${y1}`;
  return svg("path", { d: bend, class: trend(from + 1, rank), "vector-effect": "non-scaling-stroke" });
}

function trend(before, after) {
  if (after > before) return "fell";
  return after < before ? "rose" : "same";
}

function change(before, after) {
  if (after === before) return "stays";
  return after > before ? `▼ ${(after - before).toLocaleString("en")}` : `▲ ${(before - after).toLocaleString("en")}`;
}
