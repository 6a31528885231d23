// What a probe tried: each word taken out, and each rewording, as buttons to look closer.

import { el } from "./dom.js";

const KINDS = { attack: "same meaning", embedding: "noise", control: "other meaning", typed: "your words" };

/** Places that the clips moved, on average. */
export function movement(ranks) {
  return ranks.reduce((sum, rank, index) => sum + Math.abs(rank - (index + 1)), 0) / Math.max(ranks.length, 1);
}

/** The prompt's words, the more coloured the more degrees the text turns without them. */
export function wordStrip({ prompt, words }, pick) {
  const most = Math.max(...words.map(({ degrees }) => degrees), 1e-6);
  const buttons = words.map((word) => {
    const told = `Without “${word.word}” the text turns by ${word.degrees.toFixed(0)}°; clips move ${movement(word.ranks).toFixed(1)} places on average`;
    const button = el(
      "button",
      { class: "word", type: "button", title: told, "aria-label": told, style: { "--weight": (word.degrees / most).toFixed(3) }, onclick: () => pick(word, `${prompt.slice(0, word.start)}…${prompt.slice(word.end)}`) },
      el("span", {}, word.word),
      el("small", {}, `${word.degrees.toFixed(0)}°`),
    );
    return Object.assign(button, { variation: word });
  });
  return el("section", { class: "strip" }, el("h3", {}, "What each word carries: how far the text turns without it"), el("div", { class: "words" }, buttons));
}

/** One row a rewording: its text, how far it turned, how much is still found. */
export function outcomeList({ hits, outcomes }, pick) {
  const rows = outcomes.map((outcome) => {
    const kept = outcome.ranks.filter((rank) => rank <= hits.length).length;
    const button = el(
      "button",
      { class: "outcome", type: "button", "data-attack": outcome.attack, onclick: () => pick(outcome, outcome.text) },
      el("span", { class: "kind" }, el("strong", {}, outcome.attack.replaceAll("_", " ")), el("small", {}, KINDS[outcome.kind] ?? outcome.kind)),
      el("span", { class: "text" }, marked(outcome)),
      el("span", { class: "kept" }, el("strong", {}, `${kept} of ${hits.length}`), el("small", {}, `kept · ${outcome.degrees.toFixed(0)}°`)),
    );
    return Object.assign(button, { variation: outcome });
  });
  return el("section", { class: "outcomes" }, rows.length > 0 && el("h3", {}, "Rewordings"), rows);
}

/** The text with its changed words set off. */
function marked({ text, changes }) {
  const pieces = [];
  let rest = text;
  for (const { after } of changes) {
    const at = after ? rest.indexOf(after) : -1;
    if (at < 0) continue;
    pieces.push(rest.slice(0, at), el("mark", {}, after));
    rest = rest.slice(at + after.length);
  }
  return [...pieces, rest];
}
