// A stage with its transport: play, scrub, step, speed, angles, trails. The player, Blend and Edit show one each.

import * as api from "./api.js";
import { el, icon, range } from "./dom.js";
import { Stage } from "./scene/stage.js";

const SPEEDS = [0.25, 0.5, 1, 2];
const ANGLES = { free: "¾", front: "Front", side: "Side", above: "Top" };

export class Viewer {
  constructor(app) {
    this.app = app;
    this.canvas = el("canvas", { class: "stage", tabindex: "0", "aria-label": "The figure. Drag to turn, scroll or pinch to zoom." });
    this.names = el("div", { class: "names", "aria-hidden": "true" });
    this.play = el("button", { class: "round", type: "button", onclick: () => this.toggle() });
    this.scrub = range({ min: 0, max: 1, step: "any", value: 0, class: "scrub", "aria-label": "Moment", oninput: (seconds) => this.seek(seconds) });
    this.clock = el("output", { class: "clock" }, "0.00");
    this.speed = el("select", { "aria-label": "Speed", onchange: () => (this.stage.speed = Number(this.speed.value)) },
      SPEEDS.map((speed) => el("option", { value: speed, selected: speed === 1 }, `${speed}×`)));
    this.trails = this.#switch("Trails", (on) => (this.stage.trailing = on), false);
    this.follow = this.#switch("Follow", (on) => (this.stage.following = on), true);
    this.exported = this.#switch("As GLB", (on) => this.#dress(on), false);
    this.exported.title = "Shows the file that the GLB download holds, as Blender or an engine opens it";
    this.angles = el("div", { class: "segments", role: "group", "aria-label": "Camera" },
      Object.entries(ANGLES).map(([angle, label]) => el("button", { type: "button", onclick: () => this.stage.look(angle) }, label)));
    this.screen = el("div", { class: "screen" }, this.canvas, this.names);
    const transport = el("div", { class: "transport" }, this.play, this.scrub, this.clock, this.speed);
    this.node = el("div", { class: "viewer" }, this.screen, transport, el("div", { class: "options" }, this.angles, app.health.exports.includes("glb") && this.exported, this.trails, this.follow));
    this.node.addEventListener("keydown", (event) => this.key(event));
    this.#paintPlay(true);
  }

  #switch(label, change, on) {
    const node = el("button", { type: "button", class: "switch", "aria-pressed": String(on) }, label);
    node.addEventListener("click", () => {
      const now = node.getAttribute("aria-pressed") !== "true";
      node.setAttribute("aria-pressed", String(now));
      if (!this.stage) return;
      change(now);
      this.stage.wake();
    });
    return node;
  }

  /** Shows clips beside each other; the latest call wins. Raises what the service refused. */
  async show(clips, options) {
    this.clips = clips;
    const glb = this.exported.getAttribute("aria-pressed") === "true";
    const load = async (clip) => (await import("./scene/exported.js")).Exported.of(clip.id);
    const [motions, skins] = await Promise.all([
      Promise.all(clips.map((clip) => api.motion(clip.id))),
      Promise.all(glb ? clips.map(load) : []),
    ]);
    if (this.clips !== clips) return;
    this.stage ??= this.#open();
    this.names.replaceChildren(...(clips.length > 1 ? clips.map((clip) => el("span", {}, clip.title)) : []));
    this.stage.set(motions, { ...options, skins });
    this.scrub.max = this.stage.duration;
  }

  async #dress(on) {
    try {
      await this.show(this.clips, { keep: true });
    } catch (error) {
      this.exported.setAttribute("aria-pressed", String(!on));
      this.exported.title = error.message;
    }
  }

  #open() {
    const stage = new Stage(this.canvas, this.app.skeleton);
    stage.ontime = (seconds) => {
      this.scrub.put(seconds);
      this.clock.value = `${seconds.toFixed(2)} / ${stage.duration.toFixed(2)} s`;
    };
    return stage;
  }

  toggle(on = !this.stage.playing) {
    if (!this.stage) return;
    if (on && this.stage.seconds >= this.stage.duration) this.stage.seconds = 0;
    this.stage.playing = on;
    this.stage.wake();
    this.#paintPlay(on);
  }

  #paintPlay(on) {
    this.play.replaceChildren(icon(on ? "pause" : "play"));
    this.play.setAttribute("aria-label", on ? "Pause" : "Play");
  }

  seek(seconds) {
    this.toggle(false);
    this.stage.seek(seconds);
  }

  step(frames) {
    this.seek(Math.min(this.stage.seconds, this.stage.duration) + frames / this.stage.actors[0].motion.fps);
  }

  /** Space, arrows, T, F; true where the key was ours. */
  key(event) {
    if (!this.stage || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return false;
    if (event.target.matches("select, input:not(.scrub), textarea")) return false;
    const frames = event.shiftKey ? 10 : 1;
    const actions = {
      " ": () => !event.target.matches("button") && (this.toggle(), true),
      ArrowLeft: () => (this.step(-frames), true),
      ArrowRight: () => (this.step(frames), true),
      t: () => (this.trails.click(), true),
      f: () => (this.follow.click(), true),
    };
    const mine = actions[event.key]?.() ?? false;
    if (mine) event.preventDefault();
    return mine;
  }
}
