// A canvas of dots that can be moved, magnified, pointed at, and walked over with the arrow keys.

import { el } from "./dom.js";

const DOT = 5; // pixels
const REACH = 18; // pixels at which a dot is pointed at
const MARGIN = 0.9; // share of the canvas that the whole map fills
const NEAR = 7; // neighbours that are handed on with an opened dot

export class Plane {
  /** `colours` tells the colour's number of a label; `point(dot | null, place)` and `open(dot, near)` are called. */
  constructor(points, colours, { point, open }) {
    Object.assign(this, { points, colours, tell: point, open, ...whole(points), marks: new Set(), label: null, at: null });
    this.canvas = el("canvas", { class: "plane", tabindex: "0", role: "img", "aria-label": "Map of the library. Arrow keys go from clip to clip, Enter plays one." });
    this.touches = new Map();
    const listen = { pointerdown: "down", pointermove: "move", pointerup: "up", pointercancel: "up", pointerleave: "leave", wheel: "wheel", keydown: "key" };
    for (const [event, method] of Object.entries(listen)) this.canvas.addEventListener(event, (e) => this[method](e), { passive: false });
    new ResizeObserver(() => this.fit()).observe(this.canvas);
    addEventListener("themechange", () => this.draw());
  }

  fit() {
    const dense = devicePixelRatio || 1;
    this.canvas.width = this.canvas.clientWidth * dense;
    this.canvas.height = this.canvas.clientHeight * dense;
    this.draw();
  }

  only(label) {
    this.label = label;
    this.draw();
  }

  /** Rings around these clips; says how many of them are here. */
  mark(ids) {
    this.marks = new Set(ids);
    this.draw();
    return this.points.filter(({ id }) => this.marks.has(id)).length;
  }

  /** Where a dot is, in pixels of the page. */
  place({ x, y }) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const scale = (px) => (px / 2) * MARGIN * this.zoom;
    return { x: width / 2 + (x - this.middle.x) * scale(width), y: height / 2 - (y - this.middle.y) * scale(height), width, height };
  }

  draw() {
    const style = getComputedStyle(this.canvas);
    const picture = this.canvas.getContext("2d");
    const dense = this.canvas.width / Math.max(this.canvas.clientWidth, 1);
    picture.setTransform(dense, 0, 0, dense, 0, 0);
    picture.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const dot of this.points) {
      const number = this.colours.get(dot.label);
      const faded = (this.label && dot.label !== this.label) || (this.marks.size > 0 && !this.marks.has(dot.id));
      picture.globalAlpha = faded ? 0.16 : 0.85;
      picture.fillStyle = style.getPropertyValue(number === undefined ? "--faint" : `--colour-${number}`);
      this.#disc(picture, dot, DOT * Math.min(1.6, this.zoom ** 0.3));
    }
    picture.globalAlpha = 1;
    if (!this.at) return;
    picture.strokeStyle = style.getPropertyValue("--ink");
    picture.lineWidth = 2;
    this.#disc(picture, this.at, DOT + 5, "stroke");
  }

  #disc(picture, dot, radius, how = "fill") {
    const { x, y } = this.place(dot);
    picture.beginPath();
    picture.arc(x, y, radius, 0, 2 * Math.PI);
    picture[how]();
  }

  point(dot) {
    if (dot === this.at) return;
    this.at = dot;
    this.draw();
    this.tell(dot, dot && this.place(dot));
  }

  #nearest(x, y, within = REACH) {
    const ranked = this.points.map((dot) => [Math.hypot(this.place(dot).x - x, this.place(dot).y - y), dot]);
    const [far, dot] = ranked.reduce((best, next) => (next[0] < best[0] ? next : best));
    return far <= within ? dot : null;
  }

  #neighbours(dot) {
    const far = ({ x, y }) => Math.hypot(x - dot.x, y - dot.y);
    return this.points.filter((other) => other !== dot).sort((a, b) => far(a) - far(b)).slice(0, NEAR);
  }

  down(event) {
    this.canvas.setPointerCapture(event.pointerId);
    this.touches.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.dragged = false;
  }

  move(event) {
    const before = this.touches.get(event.pointerId);
    if (!before) return this.point(this.#nearest(event.offsetX, event.offsetY));
    const step = { x: event.offsetX - before.x, y: event.offsetY - before.y };
    if (!this.dragged && Math.hypot(step.x, step.y) < 4) return;
    this.dragged = true;
    const others = [...this.touches].filter(([id]) => id !== event.pointerId);
    const after = { x: event.offsetX, y: event.offsetY };
    if (others.length > 0) this.#magnify(distance(others[0][1], after) / distance(others[0][1], before), others[0][1]);
    else this.#shift(step);
    this.touches.set(event.pointerId, after);
  }

  up(event) {
    this.touches.delete(event.pointerId);
    if (this.dragged || event.type === "pointercancel") return;
    const dot = this.#nearest(event.offsetX, event.offsetY, event.pointerType === "mouse" ? REACH : 2 * REACH);
    if (dot && (event.pointerType === "mouse" || dot === this.at)) this.open(dot, this.#neighbours(dot));
    else this.point(dot); // a first touch plays, a second opens
  }

  leave(event) {
    if (event.pointerType === "mouse") this.point(null);
  }

  wheel(event) {
    event.preventDefault(); // the map comes closer, the page stays
    this.#magnify(Math.exp(-event.deltaY / 400), { x: event.offsetX, y: event.offsetY });
  }

  #shift({ x, y }) {
    this.middle.x -= x / ((this.canvas.clientWidth / 2) * MARGIN * this.zoom);
    this.middle.y += y / ((this.canvas.clientHeight / 2) * MARGIN * this.zoom);
    this.point(null);
    this.draw();
  }

  /** Closer or farther, with what lies under `around` staying there. */
  #magnify(factor, around) {
    const next = Math.min(40, Math.max(0.6, this.zoom * factor));
    const kept = (1 / this.zoom - 1 / next) / MARGIN;
    this.middle.x += (2 * around.x / this.canvas.clientWidth - 1) * kept;
    this.middle.y -= (2 * around.y / this.canvas.clientHeight - 1) * kept;
    this.zoom = next;
    this.point(null);
    this.draw();
  }

  /** Arrows go to the nearest dot in that direction. */
  key(event) {
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Escape") this.point(null);
    if (event.key === "Enter" && this.at) this.open(this.at, this.#neighbours(this.at));
    if (event.key === "+" || event.key === "-") this.#magnify(event.key === "+" ? 1.3 : 1 / 1.3, { x: this.canvas.clientWidth / 2, y: this.canvas.clientHeight / 2 });
    if (!way) return;
    event.preventDefault();
    if (!this.at) return this.point(this.points[0]);
    const here = this.place(this.at);
    const ahead = this.points
      .map((dot) => ({ dot, x: this.place(dot).x - here.x, y: this.place(dot).y - here.y }))
      .map(({ dot, x, y }) => ({ dot, along: x * way[0] + y * way[1], aside: Math.abs(x * way[1]) + Math.abs(y * way[0]) }))
      .filter(({ along, aside }) => along > 0.5 && aside <= 2 * along)
      .sort((a, b) => a.along + 2 * a.aside - b.along - 2 * b.aside);
    if (ahead.length > 0) this.point(ahead[0].dot);
  }
}

/** The middle of all dots, and the magnification at which they fill the canvas. */
function whole(points) {
  const [x, y] = ["x", "y"].map((axis) => points.map((dot) => dot[axis]));
  const [wide, high] = [x, y].map((values) => Math.max(...values) - Math.min(...values));
  const middle = { x: (Math.max(...x) + Math.min(...x)) / 2, y: (Math.max(...y) + Math.min(...y)) / 2 };
  return { middle, zoom: 2 / Math.max(wide, high, 0.05) };
}

function distance(a, b) {
  return Math.max(Math.hypot(a.x - b.x, a.y - b.y), 1);
}
