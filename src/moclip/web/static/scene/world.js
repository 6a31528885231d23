// What every view has around its figure: soft light, a floor that fades into the page, a shadow.

import {
  CircleGeometry, Color, DirectionalLight, Group, HemisphereLight, Mesh, NeutralToneMapping, PCFShadowMap, Scene,
  ShaderMaterial, ShadowMaterial, Vector3, Vector4, WebGLRenderer,
} from "../vendor/three/three.module.min.js";

export const FIELD_OF_VIEW = 28; // degrees: long lenses flatter bodies
const LIGHT = new Vector3(1.8, 4.6, 2.6);

/** A renderer with a transparent ground: what lies behind the canvas is the page's. Throws where there is no WebGL. */
export function renderer(canvas, options = {}) {
  const made = new WebGLRenderer({ canvas, antialias: true, alpha: true, powerPreference: "low-power", ...options });
  made.toneMapping = NeutralToneMapping;
  made.toneMappingExposure = 1.05;
  made.shadowMap.enabled = true;
  made.shadowMap.type = PCFShadowMap;
  made.setClearColor(0x000000, 0);
  return made;
}

export class World {
  constructor({ shadow = 1024 } = {}) {
    this.scene = new Scene();
    this.ground = new Group();
    this.lines = floorLines();
    this.shade = shadowFloor();
    this.ground.add(this.lines, this.shade);
    this.sky = new HemisphereLight(0xffffff, 0xb9b2a6, 1.7);
    this.key = keyLight(shadow);
    this.rim = new DirectionalLight(0xdfe9ff, 1.1);
    this.scene.add(this.ground, this.sky, this.key, this.key.target, this.rim, this.rim.target);
    this.dress();
  }

  /** Colours of the theme that the page has now. */
  dress() {
    const style = getComputedStyle(document.documentElement);
    const dark = style.getPropertyValue("--is-dark").trim() === "1";
    this.lines.material.uniforms.ink.value.set(dark ? "#ffffff" : "#2a3038");
    this.lines.material.uniforms.strength.value = dark ? 0.13 : 0.15;
    this.lines.material.uniforms.dark.value = dark ? 0.62 : 0.3;
    this.shade.material.opacity = dark ? 0.5 : 0.24;
    this.sky.intensity = dark ? 1.35 : 1.7;
    this.sky.groundColor.set(dark ? "#5b6068" : "#b9b2a6");
    this.rim.intensity = dark ? 1.5 : 1.1;
  }

  /** Light and floor go where the figure is; `contacts` are the points that darken the floor below them. */
  follow(root, contacts) {
    this.key.target.position.set(root.x, 0.7, root.z);
    this.key.position.copy(this.key.target.position).add(LIGHT);
    this.rim.target.position.copy(this.key.target.position);
    this.rim.position.set(root.x - 2.5, 2.6, root.z - 3);
    this.ground.position.set(root.x, 0, root.z);
    const spots = this.lines.material.uniforms.spots.value;
    spots.forEach((spot, index) => {
      const { x, y, z } = contacts[index % contacts.length];
      spot.set(x, Math.max(y, 0), z, index < contacts.length ? 1 : 0);
    });
  }
}

function keyLight(size) {
  const light = new DirectionalLight(0xfff4e6, 2.3);
  light.castShadow = true;
  light.shadow.mapSize.set(size, size);
  light.shadow.radius = 5;
  light.shadow.bias = -0.0006;
  light.shadow.normalBias = 0.03;
  Object.assign(light.shadow.camera, { left: -1.9, right: 1.9, top: 1.9, bottom: -1.9, near: 0.5, far: 12 });
  return light;
}

function shadowFloor() {
  const floor = new Mesh(new CircleGeometry(4, 48), new ShadowMaterial({ opacity: 0.24 }));
  floor.rotation.x = -Math.PI / 2;
  floor.position.y = 0.001;
  floor.receiveShadow = true;
  return floor;
}

/** Lines a metre apart that fade out, and soft darkness below whatever is near the floor. */
function floorLines() {
  const material = new ShaderMaterial({
    transparent: true,
    depthWrite: false,
    uniforms: {
      ink: { value: new Color() },
      strength: { value: 0.15 },
      dark: { value: 0.3 },
      spots: { value: Array.from({ length: 4 }, () => new Vector4()) },
    },
    vertexShader: `
      varying vec3 place; varying vec2 from;
      void main() {
        vec4 world = modelMatrix * vec4(position, 1.0);
        place = world.xyz; from = position.xy;
        gl_Position = projectionMatrix * viewMatrix * world;
      }`,
    fragmentShader: `
      uniform vec3 ink; uniform float strength; uniform float dark; uniform vec4 spots[4];
      varying vec3 place; varying vec2 from;
      void main() {
        vec2 cell = abs(fract(place.xz - 0.5) - 0.5) / max(fwidth(place.xz), 1e-5);
        float line = 1.0 - min(min(cell.x, cell.y), 1.0);
        float fade = smoothstep(5.5, 0.6, length(from));
        float below = 0.0;
        for (int i = 0; i < 4; i++) {
          vec2 away = place.xz - spots[i].xz;
          float wide = 0.012 + 0.09 * spots[i].y;
          below += spots[i].w * exp(-dot(away, away) / wide) * exp(-6.0 * spots[i].y);
        }
        float lined = line * strength * fade * fade;
        float shaded = min(below, 1.0) * dark;
        float alpha = lined + shaded * (1.0 - lined);
        gl_FragColor = vec4(ink * lined / max(alpha, 1e-4), alpha);
        #include <colorspace_fragment>
      }`,
  });
  const floor = new Mesh(new CircleGeometry(6, 64), material);
  floor.rotation.x = -Math.PI / 2;
  return floor;
}
