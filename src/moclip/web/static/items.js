// A thing that Blend and Edit work on: words, or a clip in their place.

import * as api from "./api.js";
import { chooser } from "./chooser.js";
import { el, fresh, icon, range } from "./dom.js";
import { playing } from "./grid.js";

/** A field with `node`, `value()` (an Item of the service, or null) and `take(id)` to put a clip in. */
export function item(app, label, { placeholder, words = "" }) {
  const id = fresh("item");
  const field = el("input", { id, type: "text", value: words, placeholder, maxlength: app.health.limits.prompt, autocomplete: "off" });
  const choose = el("button", { class: "button plain small", type: "button", onclick: pick }, "Use a clip instead");
  const place = el("div", { class: "place" }, field);
  const node = el("div", { class: "item" }, el("div", { class: "split" }, el("label", { for: id }, label), choose), place);
  let clip = null;
  return { node, value, take, name: () => clip?.title ?? field.value.trim() };

  function value() {
    if (clip) return { clip: clip.id };
    return field.value.trim() ? { prompt: field.value.trim() } : null;
  }

  async function pick() {
    if (clip) return use(null);
    const picked = await chooser(app, label);
    if (picked) use(picked);
  }

  async function take(wanted) {
    use(await api.about(wanted));
  }

  function use(picked) {
    clip = picked;
    choose.textContent = clip ? "Use words instead" : "Use a clip instead";
    place.replaceChildren(clip ? chip(clip) : field);
  }

  function chip(chosen) {
    const away = el("button", { class: "round plain", type: "button", "aria-label": `Take ${chosen.title} away`, onclick: () => use(null) }, icon("close"));
    return el("div", { class: "chosen" }, playing(app, chosen.id), el("span", {}, chosen.title), away);
  }
}

/** A slider with its name and value; `node`, `value()`. */
export function slider(label, { min, max, step, value, unit = "", changed = () => {} }) {
  const id = fresh("slider");
  const shown = el("output", { for: id });
  const input = range({ id, min, max, step, value, oninput: (now) => (tell(), changed(now)) });
  const tell = () => (shown.value = `${Number(input.value)}${unit}`);
  tell();
  return { node: el("div", { class: "field" }, el("div", { class: "split" }, el("label", { for: id }, label), shown), input), input, value: () => Number(input.value) };
}

/** A whole number with a die beside it, so that another try is a click away. */
export function seed() {
  const input = el("input", { type: "number", min: 0, max: 999999, step: 1, value: 0, inputmode: "numeric" });
  const roll = el("button", { class: "button", type: "button", onclick: () => (input.value = Math.floor(Math.random() * 1000000)) }, "New");
  const node = el("label", { class: "field", title: "The same number makes the same motion again" }, "Seed", el("span", { class: "row tight" }, input, roll));
  return { node, value: () => Math.max(0, Math.round(Number(input.value)) || 0) };
}

/** What stands in a panel whose model this server has not; null where it has. */
export function lacking(app, what, edits = true) {
  const { generator, coming } = app.health;
  if (generator && (generator.edits || !edits)) return null;
  if (coming && !coming.failed) {
    const note = el("p", { class: "quiet" }, "This page goes on by itself when it is ready. Search, Probe and Map work meanwhile.");
    return el("div", { class: "notice" }, el("h2", {}, `The model that makes motions is being trained: ${Math.round(100 * coming.share)} %`), note);
  }
  const reason = generator
    ? `The generator that this server runs makes motions from words but cannot ${what}.`
    : `This server has no generator, so it cannot ${what}.`;
  const wanted = edits ? "a MotionCLIP model" : "a trained model";
  const remedy = el("p", { class: "quiet" }, `Start it with ${wanted}: `, el("code", {}, "moclip serve --generator PATH"), ". Search, Probe and Map work without one.");
  return el("div", { class: "notice" }, el("h2", {}, reason), remedy);
}
