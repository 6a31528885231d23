// A clip as another program will show it: the GLB file that the server writes, opened by three.js' own loader.

import { AnimationMixer, Vector3 } from "../vendor/three/three.module.min.js";
import { GLTFLoader } from "../vendor/three/GLTFLoader.js";
import { exported } from "../api.js";

export class Exported {
  /** Raises where the file cannot be had or read. */
  static async of(id) {
    const loaded = await new GLTFLoader().loadAsync(exported(id, "glb"));
    return new Exported(loaded);
  }

  constructor({ scene, animations }) {
    this.scene = scene;
    this.mixer = new AnimationMixer(scene);
    this.clip = animations[0];
    this.mixer.clipAction(this.clip).play();
    scene.traverse((node) => {
      if (!node.isMesh) return;
      Object.assign(node, { castShadow: true, receiveShadow: true, frustumCulled: false });
    });
  }

  show(seconds) {
    this.mixer.setTime(Math.min(seconds, this.clip.duration - 1e-6)); // at its end it would start again
  }

  /** Where joints are in a moment, in metres: [[x, y, z], ...] in the order of `names`. */
  joints(seconds, names) {
    this.show(seconds);
    this.scene.updateMatrixWorld(true);
    return names.map((name) => this.scene.getObjectByName(name).getWorldPosition(new Vector3()).toArray());
  }

  dispose() {
    this.scene.traverse((node) => node.isMesh && (node.geometry.dispose(), node.material.dispose()));
  }
}
