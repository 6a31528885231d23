// The ways of hands, feet and head through space, brightest where the body has just been.

import { CatmullRomCurve3, Color, Group, Mesh, ShaderMaterial, TubeGeometry, Vector3 } from "../vendor/three/three.module.min.js";

const JOINTS = { head: "#8b8f98", left_wrist: "#ee8b52", right_wrist: "#4f87d3", left_foot: "#ee8b52", right_foot: "#4f87d3" };
const [THICK, AROUND, PER_FRAME] = [0.008, 6, 2];

export class Trails {
  constructor(motion, skeleton, floor) {
    this.now = { value: 0 };
    this.group = new Group();
    if (motion.frames < 3) return;
    for (const [name, colour] of Object.entries(JOINTS)) {
      const joint = skeleton.joints.indexOf(name);
      if (joint >= 0) this.group.add(trail(motion, joint, floor, colour, this.now));
    }
  }

  show(seconds, motion) {
    this.now.value = seconds / Math.max(motion.seconds, 1e-6);
    this.group.children.forEach((mesh) => (mesh.material.uniforms.span.value = 1.2 / motion.seconds));
  }

  dispose() {
    this.group.children.forEach((mesh) => (mesh.geometry.dispose(), mesh.material.dispose()));
  }
}

function trail(motion, joint, floor, colour, now) {
  const points = Array.from({ length: motion.frames }, (_, frame) => {
    const at = 3 * (frame * motion.joints + joint);
    return new Vector3(motion.data[at], motion.data[at + 1] - floor, motion.data[at + 2]);
  });
  const curve = new CatmullRomCurve3(points);
  // Even in time, not in length: u of the tube is then the share of the clip that has passed.
  curve.getPointAt = (u, out) => curve.getPoint(u, out);
  curve.getTangentAt = (u, out) => curve.getTangent(u, out);
  const tube = new TubeGeometry(curve, PER_FRAME * motion.frames, THICK, AROUND);
  return new Mesh(tube, material(colour, now));
}

function material(colour, now) {
  return new ShaderMaterial({
    transparent: true,
    depthWrite: false,
    uniforms: { colour: { value: new Color(colour) }, now, span: { value: 0.3 } },
    vertexShader: `
      varying float when;
      void main() { when = uv.x; gl_Position = projectionMatrix * modelViewMatrix * vec4(position, 1.0); }`,
    fragmentShader: `
      uniform vec3 colour; uniform float now; uniform float span; varying float when;
      void main() {
        float behind = (now - when) / span;
        float recent = behind < 0.0 ? 0.0 : max(0.0, 1.0 - behind);
        gl_FragColor = vec4(colour, 0.16 + 0.8 * recent);
        #include <colorspace_fragment>
      }`,
  });
}
