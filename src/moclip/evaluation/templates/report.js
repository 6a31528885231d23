"use strict";
// Stick figures on canvases: one clock, one speed and one camera angle for all, so that they compare.

const SIGHT = 0.27; // half the height seen, over the distance
const DISTANCE = 4.2; // metres from camera to body
const AIM = 0.95; // height the camera looks at

const page = JSON.parse(document.getElementById("motions").textContent);
const state = { playing: true, speed: 1, seconds: 0, yaw: 0.6, pitch: 0.25, dirty: true };

/** Little-endian int16 in base64, times the unit, to metres: frames x joints x (x, y, z). */
function decode(motion) {
  const bytes = Uint8Array.from(atob(motion.joints), (letter) => letter.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const joints = new Float32Array(bytes.length / 2);
  for (let i = 0; i < joints.length; i++) joints[i] = view.getInt16(2 * i, true) * motion.unit;
  return joints;
}

class Player {
  constructor(canvas) {
    const motion = page.motions[Number(canvas.dataset.motion)];
    this.canvas = canvas;
    this.pen = canvas.getContext("2d");
    this.joints = decode(motion);
    this.fps = motion.fps;
    this.count = page.parents.length;
    this.frames = this.joints.length / (3 * this.count);
    this.visible = true;
    this.colours();
  }

  colours() {
    const style = getComputedStyle(document.documentElement);
    this.colour = (name) => style.getPropertyValue("--" + name).trim();
  }

  /** A joint at a moment between two frames. */
  at(frame, joint) {
    const whole = Math.min(Math.floor(frame), this.frames - 1);
    const next = Math.min(whole + 1, this.frames - 1);
    const share = frame - whole;
    const a = 3 * (whole * this.count + joint);
    const b = 3 * (next * this.count + joint);
    return [0, 1, 2].map((i) => this.joints[a + i] * (1 - share) + this.joints[b + i] * share);
  }

  /** Metres to pixels as seen by a camera that turns about the body and goes along with it. */
  project([x, y, z]) {
    const [sy, cy] = [Math.sin(state.yaw), Math.cos(state.yaw)];
    const [sp, cp] = [Math.sin(state.pitch), Math.cos(state.pitch)];
    const [px, py, pz] = [x - this.centre[0], y - AIM, z - this.centre[2]];
    const across = cy * px - sy * pz;
    const ahead = sy * px + cy * pz;
    const up = cp * py - sp * ahead;
    const depth = DISTANCE - (sp * py + cp * ahead);
    const scale = this.size / (2 * SIGHT * Math.max(depth, 0.3));
    return [this.size / 2 + across * scale, this.size / 2 - up * scale, depth];
  }

  draw() {
    const ratio = window.devicePixelRatio || 1;
    const size = this.canvas.clientWidth;
    if (!size) return;
    if (this.canvas.width !== Math.round(size * ratio)) {
      this.canvas.width = this.canvas.height = Math.round(size * ratio);
    }
    this.size = size;
    this.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.pen.clearRect(0, 0, size, size);
    const length = Math.max(this.frames - 1, 1) / this.fps;
    const now = state.seconds % (length + 0.6); // a rest at the end, then from the start
    const frame = Math.min(now * this.fps, this.frames - 1);
    this.centre = this.at(frame, 0);
    this.floor();
    this.path(frame);
    this.body(frame);
    this.line([0, size - 1.5, size * frame / Math.max(this.frames - 1, 1), size - 1.5], "accent", 3);
  }

  line([ax, ay, bx, by], colour, width) {
    this.pen.strokeStyle = this.colour(colour);
    this.pen.lineWidth = width;
    this.pen.beginPath();
    this.pen.moveTo(ax, ay);
    this.pen.lineTo(bx, by);
    this.pen.stroke();
  }

  /** Lines half a metre apart, fixed to the world, around the body. */
  floor() {
    const [reach, step] = [2, 0.5];
    const [cx, cz] = [0, 2].map((i) => Math.round(this.centre[i] / step) * step);
    for (let d = -reach; d <= reach; d += step) {
      for (const [a, b] of [
        [[cx + d, 0, cz - reach], [cx + d, 0, cz + reach]],
        [[cx - reach, 0, cz + d], [cx + reach, 0, cz + d]],
      ]) {
        const [ax, ay] = this.project(a);
        const [bx, by] = this.project(b);
        this.line([ax, ay, bx, by], "grid", 1);
      }
    }
  }

  /** Where the root has been, on the floor. */
  path(frame) {
    this.pen.strokeStyle = this.colour("soft");
    this.pen.lineWidth = 1.5;
    this.pen.beginPath();
    for (let i = 0; i <= frame; i++) {
      const [x, , z] = this.at(i, 0);
      const [px, py] = this.project([x, 0, z]);
      if (i) this.pen.lineTo(px, py);
      else this.pen.moveTo(px, py);
    }
    this.pen.stroke();
  }

  body(frame) {
    const world = page.parents.map((_, joint) => this.at(frame, joint));
    const seen = world.map((point) => this.project(point));
    const bones = page.parents.map((parent, joint) => [parent, joint]).slice(1);
    this.pen.lineCap = "round";
    for (const [parent, joint] of bones) {
      const [a, b] = [parent, joint].map((j) => this.project([world[j][0], 0, world[j][2]]));
      this.line([a[0], a[1], b[0], b[1]], "shade", this.size / 45);
    }
    bones.sort((a, b) => seen[b[1]][2] - seen[a[1]][2]); // the far ones first
    for (const [parent, joint] of bones) {
      const [a, b] = [seen[parent], seen[joint]];
      const width = this.size / 60 * DISTANCE / Math.max(b[2], 0.5);
      this.line([a[0], a[1], b[0], b[1]], page.sides[joint], width);
    }
    const [x, y, depth] = seen[page.head];
    this.pen.fillStyle = this.colour("spine");
    this.pen.beginPath();
    this.pen.arc(x, y, this.size / 28 * DISTANCE / Math.max(depth, 0.5), 0, 2 * Math.PI);
    this.pen.fill();
  }
}

function turn(across, up) {
  state.yaw += across;
  state.pitch = Math.min(1.4, Math.max(-0.05, state.pitch + up));
  state.dirty = true;
}

function listen(canvas) {
  let last = null;
  canvas.addEventListener("pointerdown", (event) => {
    last = [event.clientX, event.clientY];
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    turn((last[0] - event.clientX) / 120, (event.clientY - last[1]) / 160);
    last = [event.clientX, event.clientY];
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => (last = null));
  canvas.addEventListener("keydown", (event) => {
    const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, 0.1], ArrowDown: [0, -0.1] };
    if (event.key === " ") toggle();
    else if (event.key in turns) turn(...turns[event.key]);
    else return;
    event.preventDefault();
  });
}

function toggle(playing = !state.playing) {
  state.playing = playing;
  const button = document.getElementById("play");
  button.textContent = playing ? "Pause" : "Play";
  button.setAttribute("aria-pressed", String(playing));
}

function start() {
  const players = [...document.querySelectorAll("canvas[data-motion]")].map((c) => new Player(c));
  if (!players.length) return;
  const watch = new IntersectionObserver((seen) => {
    for (const one of seen) players.find((p) => p.canvas === one.target).visible = one.isIntersecting;
    state.dirty = true;
  });
  for (const player of players) {
    listen(player.canvas);
    watch.observe(player.canvas);
  }
  const speed = document.getElementById("speed");
  speed.addEventListener("input", () => {
    state.speed = Number(speed.value);
    document.getElementById("speed-shown").textContent = state.speed.toFixed(2) + "x";
  });
  document.getElementById("play").addEventListener("click", () => toggle());
  document.getElementById("again").addEventListener("click", () => {
    state.seconds = 0;
    state.dirty = true;
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const player of players) player.colours();
    state.dirty = true;
  });
  window.addEventListener("resize", () => (state.dirty = true));
  toggle(!matchMedia("(prefers-reduced-motion: reduce)").matches);
  let before = performance.now();
  const tick = (now) => {
    if (state.playing) state.seconds += Math.min(now - before, 100) / 1000 * state.speed;
    before = now;
    if (state.playing || state.dirty) for (const p of players) if (p.visible) p.draw();
    state.dirty = false;
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}

start();
