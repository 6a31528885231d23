// A mannequin of rounded cones that takes a clip's poses: one skinned mesh, one draw call.

import {
  Bone, BufferAttribute, BufferGeometry, Color, Matrix4, MeshStandardMaterial, Quaternion, Skeleton, SkinnedMesh, Vector3,
} from "../vendor/three/three.module.min.js";
import { body, place, LEFT, RIGHT } from "./cones.js";

/** Corners around a cone, and rings of each rounded end. */
export const FINE = { sides: 20, rings: 5 };
export const COARSE = { sides: 10, rings: 3 };
const COLOURS = ["#d9d5cd", "#ee8b52", "#4f87d3"]; // middle, left, right: as in moclip's pictures
const MATERIAL = new MeshStandardMaterial({ vertexColors: true, roughness: 0.62, metalness: 0 });
const UP = new Vector3(0, 1, 0);

export class Figure {
  /** `motion` is what api.motion gives; the figure's floor is at y = 0. */
  constructor(motion, skeleton, detail = FINE) {
    this.motion = motion;
    const { tips, cones } = body(skeleton, motion.data);
    this.tips = tips;
    this.cones = cones;
    this.across = ["hip", "shoulder"].map((name) => ["right", "left"].map((side) => skeleton.joints.indexOf(`${side}_${name}`)));
    this.grounded = ["pelvis", "left_foot", "right_foot"].map((name) => skeleton.joints.indexOf(name));
    this.pose = new Float32Array(3 * motion.joints);
    this.places = tips.map(() => new Vector3());
    this.bones = cones.map(() => new Bone());
    this.mesh = this.#mesh(detail);
    this.floor = this.#floor();
    this.show(0);
  }

  #mesh(detail) {
    const mesh = new SkinnedMesh(geometry(this.cones, detail), MATERIAL);
    mesh.bind(new Skeleton(this.bones, this.bones.map(() => new Matrix4())), new Matrix4());
    mesh.castShadow = true;
    mesh.receiveShadow = true;
    mesh.frustumCulled = false; // bones move it, its own box stays
    return mesh;
  }

  /** Height that the body stays above in nine frames of ten: captures sink for a few. */
  #floor() {
    const lowest = [];
    for (let frame = 0; frame < this.motion.frames; frame += 1) {
      this.#take(frame);
      lowest.push(Math.min(...this.cones.map(({ end, radii }) => this.places[end].y - radii[1])));
    }
    return lowest.sort((a, b) => a - b)[Math.floor(0.1 * lowest.length)];
  }

  /** Puts the body where it is at `frame`, which may lie between two. */
  #take(frame) {
    const { data, joints, frames } = this.motion;
    const before = Math.min(Math.max(Math.floor(frame), 0), frames - 1);
    const after = Math.min(before + 1, frames - 1);
    const share = Math.min(Math.max(frame - before, 0), 1);
    const [a, b] = [3 * joints * before, 3 * joints * after];
    for (let i = 0; i < this.pose.length; i += 1) this.pose[i] = data[a + i] + share * (data[b + i] - data[a + i]);
    this.tips.forEach((tip, index) => place(tip, index, this.pose, this.places[index]));
  }

  show(seconds) {
    this.#take(seconds * this.motion.fps);
    for (const point of this.places) point.y -= this.floor;
    const [hips, shoulders] = this.across.map(([right, left]) => direction(this.pose, right, left));
    this.cones.forEach((cone, index) => {
      const across = cone.limb === "torso" && cone.start > 0 ? shoulders : hips;
      turn(this.bones[index].matrixWorld, this.places[cone.start], this.places[cone.end], across, stretch(cone));
    });
  }

  /** Where the pelvis is, above the floor. */
  get root() {
    return this.places[0];
  }

  /** Points that darken the floor below them. */
  get contacts() {
    return this.grounded.map((joint) => this.places[joint]);
  }

  dispose() {
    this.mesh.geometry.dispose();
    this.mesh.skeleton.dispose();
  }
}

/** Chests are wider than they are deep, and heads deeper than wide. */
function stretch({ limb, radii }) {
  if (limb === "torso" && radii[1] > 0.08) return [1.22, 0.86];
  return limb === "head" ? [0.9, 1.06] : [1, 1];
}

function direction(pose, from, to) {
  const [a, b] = [3 * from, 3 * to];
  return new Vector3(pose[b] - pose[a], pose[b + 1] - pose[a + 1], pose[b + 2] - pose[a + 2]).normalize();
}

const [X, Y, Z] = [new Vector3(), new Vector3(), new Vector3()];
const TURN = new Quaternion();

/** The matrix that carries a cone, made along +y from the origin, to its place; its x points `across`. */
function turn(matrix, start, end, across, [wide, deep]) {
  Y.subVectors(end, start).normalize();
  X.copy(across).addScaledVector(Y, -across.dot(Y));
  if (X.lengthSq() < 1e-4) X.set(1, 0, 0).applyQuaternion(TURN.setFromUnitVectors(UP, Y));
  X.normalize();
  Z.crossVectors(X, Y);
  matrix.makeBasis(X.multiplyScalar(wide), Y, Z.multiplyScalar(deep)).setPosition(start);
}

function geometry(cones, detail) {
  const parts = { position: [], normal: [], color: [], bone: [], index: [] };
  cones.forEach((cone, bone) => addCone(parts, cone, bone, detail));
  const made = new BufferGeometry();
  const vertices = parts.bone.length;
  made.setAttribute("position", new BufferAttribute(new Float32Array(parts.position), 3));
  made.setAttribute("normal", new BufferAttribute(new Float32Array(parts.normal), 3));
  made.setAttribute("color", new BufferAttribute(new Float32Array(parts.color), 3));
  made.setAttribute("skinIndex", new BufferAttribute(new Uint16Array(parts.bone.flatMap((bone) => [bone, 0, 0, 0])), 4));
  made.setAttribute("skinWeight", new BufferAttribute(new Float32Array(vertices * 4).map((_, i) => (i % 4 ? 0 : 1)), 4));
  made.setIndex(parts.index);
  return made;
}

/** Rings of vertices from pole to pole; the ends are parts of balls that meet the cone smoothly. */
function addCone(parts, { length, radii, side }, bone, { sides, rings: steep }) {
  const first = parts.bone.length;
  const colour = new Color(COLOURS[side === LEFT ? 1 : side === RIGHT ? 2 : 0]);
  const lean = Math.asin(Math.max(-0.99, Math.min(0.99, (radii[0] - radii[1]) / length)));
  const steps = Array.from({ length: steep + 1 }, (_, i) => i / steep);
  const rings = [
    ...steps.map((step) => [0, radii[0], -Math.PI / 2 + step * (lean + Math.PI / 2)]),
    ...steps.map((step) => [length, radii[1], lean + step * (Math.PI / 2 - lean)]),
  ];
  for (const [height, radius, angle] of rings) {
    for (let corner = 0; corner < sides; corner += 1) {
      const around = (2 * Math.PI * corner) / sides;
      const normal = [Math.cos(around) * Math.cos(angle), Math.sin(angle), Math.sin(around) * Math.cos(angle)];
      parts.normal.push(...normal);
      parts.position.push(normal[0] * radius, normal[1] * radius + height, normal[2] * radius);
      parts.color.push(colour.r, colour.g, colour.b);
      parts.bone.push(bone);
    }
  }
  for (let ring = 0; ring < rings.length - 1; ring += 1) addBand(parts.index, first + ring * sides, sides);
}

function addBand(index, first, sides) {
  for (let corner = 0; corner < sides; corner += 1) {
    const [here, after] = [first + corner, first + ((corner + 1) % sides)];
    index.push(here, here + sides, after, after, here + sides, after + sides);
  }
}
