// One renderer for all small figures: it draws one after another and copies each onto its card's own canvas.
// A page has a handful of WebGL contexts to spend, and a canvas of its own lets a card scroll and clip as it likes.

import { PerspectiveCamera } from "../vendor/three/three.module.min.js";
import { COARSE, Figure } from "./figure.js";
import { distance, framing, stand, target } from "./framing.js";
import { FIELD_OF_VIEW, renderer, World } from "./world.js";

const PAUSE = 0.5; // seconds a figure rests at its end before it starts again
const REST = 12; // milliseconds at least between two rounds: thirty a second are plenty
const LONGEST = 250; // milliseconds at most: a first picture takes seconds to prepare on some machines
const BUSY = 1.5; // rests last this many times as long as drawing takes
const still = matchMedia("(prefers-reduced-motion: reduce)");

class Painter {
  constructor() {
    this.views = new Set();
    this.seen = new Set();
    this.next = 0;
    this.watcher = new IntersectionObserver((entries) => entries.forEach((entry) => this.#notice(entry)), { rootMargin: "80px" });
    this.owners = new WeakMap();
    this.draw = this.draw.bind(this);
    addEventListener("themechange", () => this.world?.dress());
  }

  /** A figure that plays on `canvas` for as long as the canvas is in the page. */
  add(canvas, motion, skeleton) {
    const view = { canvas, motion, skeleton, began: performance.now() / 1000, size: [0, 0], drawn: false };
    this.views.add(view);
    this.owners.set(canvas, view);
    this.watcher.observe(canvas);
    return view;
  }

  remove(view) {
    if (!this.views.delete(view)) return;
    this.watcher.unobserve(view.canvas);
    this.seen.delete(view);
    view.figure?.dispose();
  }

  #notice({ target: canvas, isIntersecting }) {
    const view = this.owners.get(canvas);
    if (!canvas.isConnected) return this.remove(view);
    if (!isIntersecting) return this.seen.delete(view);
    this.seen.add(view);
    if (this.seen.size === 1) requestAnimationFrame(this.draw);
  }

  /** Opened when there is something to draw; where there is no WebGL, cards are told and nothing is drawn. */
  #isOpen() {
    if (this.renderer) return true;
    try {
      this.#open();
    } catch {
      this.seen.forEach((view) => view.onfail?.());
      this.seen.clear();
    }
    return Boolean(this.renderer);
  }

  #open() {
    this.canvas = document.createElement("canvas");
    this.renderer = renderer(this.canvas);
    this.world = new World({ shadow: 512 });
    this.camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.1, 40);
  }

  draw(now) {
    if (this.seen.size === 0 || !this.#isOpen()) return;
    requestAnimationFrame(this.draw);
    // What the last pictures took shows in when the browser asks for the next ones: slow machines draw less often.
    if (this.painted) this.next = now + Math.min(Math.max(REST, BUSY * (now - this.painted)), LONGEST);
    this.painted = 0;
    if (now < this.next || document.hidden) return;
    for (const view of [...this.seen]) {
      if (!view.canvas.isConnected) this.remove(view);
      else if (wanted(view)) this.#paint(view, now / 1000);
    }
    this.painted = now;
  }

  #paint(view, now) {
    view.figure ??= new Figure(view.motion, view.skeleton, COARSE);
    view.frame ??= framing(view.motion, view.skeleton);
    const { figure, motion, frame, canvas } = view;
    const [width, height] = this.#fit(canvas);
    if (!width) return;
    const seconds = this.#moment(view, now);
    figure.show(seconds);
    this.world.follow(figure.root, figure.contacts);
    this.world.scene.add(figure.mesh);
    this.camera.aspect = width / height;
    this.camera.updateProjectionMatrix();
    stand(this.camera, target(frame, motion, seconds), distance(frame, width / height), frame.heading + 0.55);
    this.renderer.render(this.world.scene, this.camera);
    this.world.scene.remove(figure.mesh);
    const picture = canvas.getContext("2d");
    picture.clearRect(0, 0, width, height);
    picture.drawImage(this.canvas, 0, this.canvas.height - height, width, height, 0, 0, width, height);
    view.drawn = true;
    view.ondraw?.(seconds / motion.seconds);
  }

  /** The canvas at the size it has on the screen; the shared one at least as large. */
  #fit(canvas) {
    const dense = Math.min(devicePixelRatio || 1, 2);
    const [width, height] = [Math.round(canvas.clientWidth * dense), Math.round(canvas.clientHeight * dense)];
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const [wide, high] = [Math.max(this.canvas.width, width), Math.max(this.canvas.height, height)];
    if (wide !== this.canvas.width || high !== this.canvas.height) this.renderer.setSize(wide, high, false);
    this.renderer.setViewport(0, 0, width, height);
    this.renderer.setScissor(0, 0, width, height);
    this.renderer.setScissorTest(true);
    return [width, height];
  }

  #moment(view, now) {
    const last = (view.motion.frames - 1) / view.motion.fps;
    if (still.matches && !view.canvas.matches(":hover")) return last / 2;
    return Math.min(Math.max(now - view.began, 0) % (last + PAUSE), last);
  }
}

/** Not what lies behind a dialog, nor what would move for a user who has asked for stillness. */
function wanted({ canvas, drawn }) {
  const dialogs = document.querySelectorAll("dialog[open]");
  if (!canvas.offsetParent || (dialogs.length > 0 && !dialogs[dialogs.length - 1].contains(canvas))) return false;
  return !(still.matches && drawn && !canvas.matches(":hover"));
}

export const painter = new Painter();
