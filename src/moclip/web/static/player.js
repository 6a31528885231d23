// The large player: a dialog with the figure, what is known about the clip, and where it can go from here.

import * as api from "./api.js";
import { chooser } from "./chooser.js";
import { downloads } from "./downloads.js";
import { duration, el, icon } from "./dom.js";
import { failure } from "./states.js";
import { Viewer } from "./viewer.js";

export class Player {
  constructor(app) {
    this.app = app;
    this.viewer = new Viewer(app);
    this.about = el("aside", { class: "about" });
    this.dialog = el("dialog", { class: "player", "aria-label": "Player" }, this.#bar(), el("div", { class: "theatre" }, this.viewer.node, this.about));
    this.dialog.addEventListener("keydown", (event) => this.#key(event));
    this.dialog.addEventListener("click", (event) => event.target === this.dialog && this.dialog.close());
    document.body.append(this.dialog);
  }

  #bar() {
    this.previous = el("button", { class: "round plain", type: "button", "aria-label": "Previous clip", onclick: () => this.go(-1) }, icon("previous"));
    this.following = el("button", { class: "round plain", type: "button", "aria-label": "Next clip", onclick: () => this.go(1) }, icon("next"));
    const close = el("button", { class: "round plain", type: "button", "aria-label": "Close", onclick: () => this.dialog.close() }, icon("close"));
    this.count = el("span", { class: "quiet" });
    return el("div", { class: "bar" }, this.previous, this.following, this.count, el("span", { class: "spring" }), close);
  }

  /** Plays a clip; `among` are the clips that lie to its left and right. */
  open(clip, among = [clip]) {
    Object.assign(this, { clip, among, other: null });
    if (!this.dialog.open) {
      this.dialog.showModal();
      this.viewer.play.focus();
    }
    return this.#show();
  }

  go(step) {
    const at = this.among.findIndex(({ id }) => id === this.clip.id) + step;
    if (this.among[at]) this.open(this.among[at], this.among);
  }

  async compare(other) {
    this.other = other;
    await this.#show();
  }

  async #show() {
    const { clip, among, other } = this;
    const at = among.findIndex(({ id }) => id === clip.id);
    this.count.textContent = among.length > 1 ? `${at + 1} of ${among.length}` : "";
    this.previous.disabled = at <= 0;
    this.following.disabled = at + 1 >= among.length;
    this.about.replaceChildren(...this.#facts(clip));
    this.viewer.node.querySelector(".state")?.remove();
    try {
      await this.viewer.show(other ? [clip, other] : [clip]);
      this.viewer.toggle(true);
    } catch (error) {
      this.viewer.screen.append(failure(error, () => this.#show()));
    }
  }

  #facts(clip) {
    const more = clip.captions.filter((caption) => caption !== clip.title);
    return [
      el("h2", {}, clip.title || clip.id),
      more.length > 0 && el("ul", { class: "captions" }, more.map((caption) => el("li", {}, caption))),
      el("dl", { class: "details" }, this.#details(clip)),
      this.#actions(clip),
      downloads(this.app, clip),
    ].filter(Boolean);
  }

  #details(clip) {
    const spoken = { library: "Library", upload: "Your file", made: "Generated" };
    const rows = [
      ["From", spoken[clip.kind] ?? clip.kind],
      ["Length", `${duration(clip.seconds)} · ${clip.frames} frames at ${+clip.fps.toFixed(2)} fps`],
      ["Labels", clip.labels.map((label) => label.replaceAll("_", " ")).join(", ")],
      ["File", clip.path],
    ];
    return rows.filter(([, value]) => value).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  }

  #actions(clip) {
    const to = (panel, parameters) => () => (this.dialog.close(), this.app.go(panel, parameters));
    const button = (label, onclick, pressed) => el("button", { class: "button", type: "button", onclick, "aria-pressed": pressed }, label);
    const edits = this.app.health.generator?.edits;
    return el(
      "div",
      { class: "actions" },
      button("Find similar", to("search", { clip: clip.id })),
      this.other ? button("Stop comparing", () => this.compare(null), "true") : button("Compare…", () => this.#choose(clip)),
      edits && button("Blend with…", to("blend", { one: clip.id })),
      edits && button("Edit…", to("edit", { base: clip.id })),
    );
  }

  async #choose(clip) {
    const other = await chooser(this.app, "Compare with", this.among.filter(({ id }) => id !== clip.id));
    if (other) await this.compare(other);
  }

  #key(event) {
    if (this.viewer.key(event) || event.target.matches("select, input, textarea")) return;
    if (event.key === "[" || event.key === "PageUp") this.go(-1);
    else if (event.key === "]" || event.key === "PageDown") this.go(1);
    else if (event.key === "c" && !event.ctrlKey && !event.metaKey) this.#choose(this.clip);
  }
}
