// The large picture: one or two figures beside each other, a camera to turn, a clock to stop.

import { PerspectiveCamera, Vector3 } from "../vendor/three/three.module.min.js";
import { OrbitControls } from "../vendor/three/OrbitControls.js";
import { Figure } from "./figure.js";
import { distance, framing, stand, target } from "./framing.js";
import { Trails } from "./trails.js";
import { FIELD_OF_VIEW, renderer, World } from "./world.js";

const ANGLES = { front: [0, 0.08], side: [Math.PI / 2, 0.08], above: [0, 1.35], free: [0.55, 0.2] };

const SLOW = 0.07; // seconds a picture may take
const COARSEST = 0.6; // dots a pixel of the page, at least

export class Stage {
  /** Draws on `canvas` while it can be seen; `ontime(seconds)` is called after each picture. */
  constructor(canvas, skeleton) {
    Object.assign(this, { canvas, skeleton, actors: [], seconds: 0, speed: 1, playing: true, trailing: false, following: true });
    this.renderer = renderer(canvas, { preserveDrawingBuffer: true }); // a picture that stands still is drawn once
    this.world = new World({ shadow: 2048 });
    this.camera = new PerspectiveCamera(FIELD_OF_VIEW, 1, 0.1, 60);
    this.controls = new OrbitControls(this.camera, canvas);
    Object.assign(this.controls, { enableDamping: true, minDistance: 1, maxDistance: 20, maxPolarAngle: 1.56, zoomSpeed: 0.7 });
    this.controls.addEventListener("change", () => (this.changed = true));
    this.centre = new Vector3();
    this.angle = "free";
    addEventListener("themechange", () => (this.world.dress(), this.wake()));
    new ResizeObserver(() => this.wake()).observe(canvas);
    this.dense = Math.min(devicePixelRatio || 1, 2);
    this.slow = 0;
    this.draw = this.draw.bind(this);
  }

  /** Shows these motions (one, or two beside each other), in `skins` of their own if there are any; `keep` lets the clock run on. */
  set(motions, { keep = false, skins = [] } = {}) {
    this.actors.forEach((actor) => this.#dismiss(actor));
    this.actors = motions.map((motion, index) => this.#cast(motion, skins[index]));
    this.duration = Math.max(...motions.map((motion) => (motion.frames - 1) / motion.fps), 1e-3);
    if (!keep) this.seconds = 0;
    if (!keep || !this.placed) this.look(this.angle);
    this.wake();
  }

  #cast(motion, skin = null) {
    const figure = new Figure(motion, this.skeleton);
    const trails = new Trails(motion, this.skeleton, figure.floor);
    this.world.scene.add(figure.mesh, trails.group);
    if (skin) this.world.scene.add(skin.scene);
    skin?.scene.position.setY(-figure.floor);
    return { motion, figure, trails, skin, frame: framing(motion, this.skeleton), centre: new Vector3() };
  }

  #dismiss({ figure, trails, skin }) {
    this.world.scene.remove(figure.mesh, trails.group, ...(skin ? [skin.scene] : []));
    skin?.dispose();
    figure.dispose();
    trails.dispose();
  }

  /** From the front, the side, above, or three quarters ("free"). */
  look(angle) {
    this.angle = angle;
    this.placed = this.canvas.clientWidth > 0;
    if (!this.placed || this.actors.length === 0) return;
    const [azimuth, elevation] = ANGLES[angle];
    const aspect = this.canvas.clientWidth / this.actors.length / this.canvas.clientHeight;
    const metres = Math.max(...this.actors.map(({ frame }) => distance(frame, aspect)));
    target(this.actors[0].frame, this.actors[0].motion, this.seconds, this.centre);
    this.wake();
    this.controls.target.copy(this.centre);
    stand(this.camera, this.centre, metres, this.actors[0].frame.heading + azimuth, elevation);
    this.controls.update();
  }

  seek(seconds) {
    this.seconds = Math.max(0, Math.min(seconds, this.duration));
    this.wake();
  }

  /** Something has changed: there is a picture to draw. */
  wake() {
    this.changed = true;
    if (this.awake) return;
    this.awake = true;
    this.last = performance.now();
    requestAnimationFrame(this.draw);
  }

  draw(now) {
    if (!this.canvas.offsetParent || this.actors.length === 0) {
      this.awake = false; // out of sight: whoever shows it again wakes it
      return;
    }
    requestAnimationFrame(this.draw);
    // A picture's time may lie before the moment it was asked for.
    const passed = Math.min(Math.max(now - this.last, 0) / 1000, 0.25);
    this.last = now;
    if (!this.playing && !this.controls.update() && !this.changed) return;
    this.changed = false;
    this.#pace(passed);
    if (this.playing) this.seconds = (this.seconds + passed * this.speed) % (this.duration + 0.4);
    if (!this.placed) this.look(this.angle);
    const shown = Math.min(this.seconds, this.duration);
    this.#track(shown);
    this.controls.update();
    this.#paint(shown);
    this.ontime?.(shown);
  }

  /** Fewer dots for a machine that cannot keep up. */
  #pace(passed) {
    this.slow = passed > SLOW ? this.slow + 1 : 0;
    if (this.slow < 10 || this.dense <= COARSEST) return;
    this.dense = Math.max(COARSEST, 0.75 * this.dense);
    this.slow = 0;
  }

  /** The camera goes along with the first figure, keeping the angle the user has chosen. */
  #track(seconds) {
    this.actors.forEach(({ frame, motion, centre }) => target(frame, motion, seconds, centre));
    if (!this.following) return;
    const step = this.actors[0].centre.clone().sub(this.centre);
    this.centre.copy(this.actors[0].centre);
    this.controls.target.add(step);
    this.camera.position.add(step);
  }

  #paint(seconds) {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (this.canvas.width !== Math.floor(width * this.dense) || this.canvas.height !== Math.floor(height * this.dense)) {
      this.renderer.setPixelRatio(this.dense);
      this.renderer.setSize(width, height, false);
    }
    const part = width / this.actors.length;
    this.camera.aspect = part / height;
    this.camera.updateProjectionMatrix();
    this.renderer.setScissorTest(true);
    this.actors.forEach((actor, index) => {
      this.renderer.setViewport(index * part, 0, part, height);
      this.renderer.setScissor(index * part, 0, part, height);
      this.#paintOne(actor, seconds);
    });
  }

  /** Each in its own half; the second is seen by the first one's camera, moved along. */
  #paintOne(actor, seconds) {
    for (const other of this.actors) {
      other.figure.mesh.visible = other === actor && !other.skin;
      if (other.skin) other.skin.scene.visible = other === actor;
      other.trails.group.visible = other === actor && this.trailing;
    }
    actor.figure.show(seconds);
    actor.skin?.show(seconds);
    actor.trails.show(seconds, actor.motion);
    this.world.follow(actor.figure.root, actor.figure.contacts);
    const aside = this.following ? actor.centre.clone().sub(this.actors[0].centre) : new Vector3();
    this.camera.position.add(aside);
    this.camera.updateMatrixWorld();
    this.renderer.render(this.world.scene, this.camera);
    this.camera.position.sub(aside);
  }
}
