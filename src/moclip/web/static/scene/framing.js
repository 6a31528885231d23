// Where a camera stands so that a moving body stays in the picture without being chased.

import { Vector3 } from "../vendor/three/three.module.min.js";
import { FIELD_OF_VIEW } from "./world.js";

const WINDOW = 0.8; // seconds over which the path is smoothed, to either side

/** { path, reach, height, heading }: the smoothed way of the root, how far joints get from it, where it faces first. */
export function framing(motion, skeleton) {
  const path = smoothed(motion);
  let [reach, height] = [0.5, 1];
  for (let frame = 0; frame < motion.frames; frame += 1) {
    for (let joint = 0; joint < motion.joints; joint += 1) {
      const at = 3 * (frame * motion.joints + joint);
      const away = Math.hypot(motion.data[at] - path[2 * frame], motion.data[at + 2] - path[2 * frame + 1]);
      reach = Math.max(reach, away);
      height = Math.max(height, motion.data[at + 1] + 0.15);
    }
  }
  return { path, reach, height, heading: heading(motion, skeleton) };
}

/** Radians about the vertical; 0 is +z. */
function heading(motion, skeleton) {
  const [left, right] = ["left_hip", "right_hip"].map((name) => 3 * skeleton.joints.indexOf(name));
  const across = [motion.data[left] - motion.data[right], motion.data[left + 2] - motion.data[right + 2]];
  return Math.atan2(-across[1], across[0]);
}

function smoothed(motion) {
  const wide = Math.round(WINDOW * motion.fps);
  const path = new Float32Array(2 * motion.frames);
  for (let frame = 0; frame < motion.frames; frame += 1) {
    const [first, last] = [Math.max(0, frame - wide), Math.min(motion.frames - 1, frame + wide)];
    for (let other = first; other <= last; other += 1) {
      const at = 3 * other * motion.joints;
      path[2 * frame] += motion.data[at] / (last - first + 1);
      path[2 * frame + 1] += motion.data[at + 2] / (last - first + 1);
    }
  }
  return path;
}

/** The point to look at in a moment. */
export function target(frame, motion, seconds, out = new Vector3()) {
  const at = Math.min(seconds * motion.fps, motion.frames - 1);
  const [before, share] = [Math.floor(at), at % 1];
  const after = Math.min(before + 1, motion.frames - 1);
  const between = (axis) => frame.path[2 * before + axis] * (1 - share) + frame.path[2 * after + axis] * share;
  return out.set(between(0), 0.47 * frame.height, between(1));
}

/** Metres from the target at which the whole motion fits a picture of this width by height. */
export function distance(frame, aspect) {
  const tall = 0.58 * frame.height;
  const wide = Math.min(frame.reach, 1.4) * 0.92 / Math.max(aspect, 0.3);
  return Math.max(tall, wide) / Math.tan((FIELD_OF_VIEW * Math.PI) / 360) + 0.35;
}

/** Puts the camera around the target; azimuth 0 looks at the face of a body that faces +z. */
export function stand(camera, centre, metres, azimuth, elevation = 0.2) {
  const level = Math.cos(elevation) * metres;
  camera.position.set(
    centre.x + Math.sin(azimuth) * level,
    centre.y + Math.sin(elevation) * metres,
    centre.z + Math.cos(azimuth) * level,
  );
  camera.lookAt(centre);
}
