// Links to a clip in every format the server can write.

import { exported } from "./api.js";
import { el, icon } from "./dom.js";

const USES = {
  glb: "Blender, Unity, Unreal, the web",
  bvh: "any animation program",
  npz: "lossless, opens in NumPy",
  csv: "joints by frame, in metres",
  gif: "for a message or a page",
  mp4: "for film and slides",
};

export function downloads(app, clip) {
  const offered = Object.keys(USES).filter((suffix) => app.health.exports.includes(suffix));
  const links = offered.map((suffix) =>
    el(
      "a",
      { class: "download", href: exported(clip.id, suffix), download: `${clip.id}.${suffix}`, "data-format": suffix },
      icon("download"),
      el("strong", {}, suffix.toUpperCase()),
      el("span", {}, USES[suffix]),
    ),
  );
  return el("section", { class: "downloads", "aria-label": "Downloads" }, el("h3", {}, "Download"), links);
}
