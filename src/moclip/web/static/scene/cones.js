// Which rounded cones make up a body, and how thick they are: the slim mannequin of moclip.figures.

import { Vector3 } from "../vendor/three/three.module.min.js";

export const [MIDDLE, LEFT, RIGHT] = [0, 1, 2];

// (share of the way along the limb, radius in metres)
const PROFILES = {
  arm: [[0, 0.07], [0.17, 0.06], [0.5, 0.044], [0.85, 0.031], [1, 0.035]],
  leg: [[0, 0.085], [0.4, 0.06], [0.8, 0.042], [1, 0.036]],
  torso: [[0, 0.112], [0.2, 0.104], [0.45, 0.125], [0.6, 0.09], [0.68, 0.052], [1, 0.05]],
};
const TIPS = { arm: 0.09, leg: 0.05, torso: 0.09 }; // metres a limb goes on beyond its last joint
const HEAD = { radius: 0.094, back: 0.05 };
const STEEPEST = 0.9; // radii of a cone's ends differ by at most this share of its length

/**
 * The body's points and cones, from the skeleton ({ parents, joints, limbs }) and one pose of it.
 * A point is a joint, or a tip: { from, along: [a, b], metres } lies beyond joint `from` in the direction a -> b.
 */
export function body(skeleton, pose) {
  const limbs = limbOf(skeleton);
  const tree = { points: skeleton.joints.map(() => null), parents: [...skeleton.parents], limbs };
  addTips(tree, skeleton);
  const places = tree.points.map((tip, index) => place(tip, index, pose));
  const ways = waysFromRoot(tree, places);
  const cones = tree.parents.map((parent, point) => [parent, point]).filter(([parent]) => parent >= 0);
  return { tips: tree.points, cones: cones.map(([start, end]) => cone(tree, ways, places, start, end)) };
}

function limbOf(skeleton) {
  const limbs = skeleton.joints.map(() => "");
  for (const [limb, joints] of Object.entries(skeleton.limbs)) {
    if (!(kind(limb) in PROFILES)) continue;
    for (const joint of joints) limbs[skeleton.joints.indexOf(joint)] = limb;
  }
  return limbs;
}

const kind = (limb) => limb.slice(limb.lastIndexOf("_") + 1);

function addTips(tree, skeleton) {
  const count = skeleton.joints.length;
  for (let joint = 0; joint < count; joint += 1) {
    if (skeleton.parents.includes(joint) || !tree.limbs[joint]) continue;
    const limb = tree.limbs[joint];
    const above = skeleton.parents[joint];
    if (kind(limb) !== "torso") {
      grow(tree, joint, { from: joint, along: [above, joint], metres: TIPS[kind(limb)] }, limb);
      continue;
    }
    const along = [skeleton.parents[above], joint]; // a neck is too short to say where the crown is
    grow(tree, joint, { from: joint, along, metres: TIPS.torso - HEAD.back }, "torso");
    grow(tree, tree.parents.length - 1, { from: joint, along, metres: TIPS.torso }, "head");
  }
}

function grow(tree, parent, tip, limb) {
  tree.points.push(tip);
  tree.parents.push(parent);
  tree.limbs.push(limb);
}

/** Where a point is when the joints stand at `pose` (x, y, z of one joint after another). */
export function place(tip, index, pose, out = new Vector3()) {
  if (!tip) return out.fromArray(pose, 3 * index);
  const [a, b] = [3 * tip.along[0], 3 * tip.along[1]];
  out.set(pose[b] - pose[a], pose[b + 1] - pose[a + 1], pose[b + 2] - pose[a + 2]).setLength(tip.metres);
  const from = 3 * tip.from;
  out.set(out.x + pose[from], out.y + pose[from + 1], out.z + pose[from + 2]);
  return out;
}

function waysFromRoot(tree, places) {
  const ways = [];
  tree.parents.forEach((parent, point) => {
    ways.push(parent < 0 ? 0 : ways[parent] + places[point].distanceTo(places[parent]));
  });
  return ways;
}

function cone(tree, ways, places, start, end) {
  const length = places[end].distanceTo(places[start]);
  const last = radius(tree, ways, end);
  const inside = tree.limbs[start] === tree.limbs[end];
  const first = inside ? radius(tree, ways, start) : last;
  const most = STEEPEST * length;
  const limb = tree.limbs[end];
  const side = limb.startsWith("left") ? LEFT : limb.startsWith("right") ? RIGHT : MIDDLE;
  return { start, end, length, limb, side, radii: [Math.min(Math.max(first, last - most), last + most), last] };
}

function radius(tree, ways, point) {
  const limb = tree.limbs[point];
  if (limb === "head") return HEAD.radius;
  if (!limb) return 0.05;
  const along = ways.filter((_, other) => tree.limbs[other] === limb);
  const [low, high] = [Math.min(...along), Math.max(...along)];
  return interpolate(PROFILES[kind(limb)], high > low ? (ways[point] - low) / (high - low) : 0);
}

function interpolate(profile, share) {
  const after = profile.findIndex(([at]) => at >= share);
  if (after <= 0) return profile[Math.max(after, 0)][1];
  const [[x0, y0], [x1, y1]] = [profile[after - 1], profile[after]];
  return y0 + ((y1 - y0) * (share - x0)) / (x1 - x0);
}
