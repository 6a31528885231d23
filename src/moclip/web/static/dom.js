// Elements made by calls: el("button", { class: "chip", onclick: go }, "Waves").
// Properties that start with "on" are listeners; false, null and undefined are left out.

const SVG = "http://www.w3.org/2000/svg";

export function el(tag, properties = {}, ...children) {
  return fill(document.createElement(tag), properties, children);
}

export function svg(tag, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), properties, children);
}

function fill(node, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "value") node.value = value;
    else if (name === "style") setStyle(node, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// Through the object model: a style attribute would be refused by a strict content policy.
function setStyle(node, values) {
  for (const [name, value] of Object.entries(values)) node.style.setProperty(name, value);
}

let numbered = 0;

/** An id no other element has, to tie labels to fields. */
export function fresh(stem) {
  numbered += 1;
  return `${stem}-${numbered}`;
}

const PATHS = {
  play: "M8 5.5v13l11-6.5z",
  pause: "M8 5h3v14H8zM14 5h3v14h-3z",
  search: "M11 4a7 7 0 1 0 4.2 12.6l4.1 4.1 1.4-1.4-4.1-4.1A7 7 0 0 0 11 4zm0 2a5 5 0 1 1 0 10 5 5 0 0 1 0-10z",
  close: "M6.4 5 12 10.6 17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
  previous: "M15.4 5 17 6.4 11.4 12l5.6 5.6-1.6 1.4-7-7z",
  next: "M8.6 5 7 6.4l5.6 5.6L7 17.6 8.6 19l7-7z",
  generate: "M12 2.5 14 9l6.5 3-6.5 3-2 6.5L10 15l-6.5-3L10 9z",
  blend: "M9 5a7 7 0 1 0 3 13.3A7 7 0 1 0 12 5.7 7 7 0 0 0 9 5zm3 3.1a5 5 0 0 1 0 7.8 5 5 0 0 1 0-7.8z",
  edit: "M5 7h6v2H5zm8 0h6v2h-6zM5 15h6v2H5zm9-2h2v3h3v2h-3v3h-2v-3h-3v-2h3z",
  probe: "M4 18h3V9H4zm6.5 0h3V5h-3zM17 18h3v-6h-3z",
  map: "M6 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm11 3a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm-7 5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm8 5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM5 20a1.5 1.5 0 1 0 0-3 1.5 1.5 0 0 0 0 3z",
  light: "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10zM11 1.5h2v3h-2zm0 18h2v3h-2zM1.5 11h3v2h-3zm18 0h3v2h-3zM4 5.4 5.4 4l2.1 2.1-1.4 1.400zm12.5 12.5 1.4-1.4 2.1 2.1-1.4 1.400zM4 18.600l2.1-2.1 1.4 1.400L5.4 20zM16.5 6.1 18.6 4 20 5.400l-2.1 2.100z",
  dark: "M20.5 14.5A8.5 8.5 0 0 1 9.5 3.5a8.5 8.5 0 1 0 11 11z",
  download: "M11 4h2v8.200l3.1-3.1 1.4 1.400L12 16l-5.5-5.5 1.4-1.400L11 12.200zM5 18h14v2H5z",
  upload: "M12 4l5.5 5.5-1.4 1.400L13 7.800V16h-2V7.800l-3.1 3.1-1.4-1.400zM5 18h14v2H5z",
  filter: "M4 6h16v2H4zm3 5h10v2H7zm3 5h4v2h-4z",
  compare: "M4 5h7v14H4zm2 2v10h3V7zm7-2h7v14h-7z",
  swap: "M7 4 3 8l4 4V9h10V7H7zm10 8v3H7v2h10v3l4-4z",
};

export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" }, svg("path", { d: PATHS[name] }));
}

/** A slider whose track is filled up to its thumb; call `put(value)` to move it. */
export function range({ oninput = () => {}, ...properties }) {
  const input = el("input", { type: "range", ...properties, oninput: () => (fillUp(), oninput(Number(input.value))) });
  function fillUp() {
    const [low, high] = [Number(input.min), Number(input.max)];
    input.style.setProperty("--done", `${(100 * (Number(input.value) - low)) / (high - low || 1)}%`);
  }
  fillUp();
  input.put = (value) => ((input.value = value), fillUp());
  return input;
}

/** 4.25 -> "4.3 s", 75 -> "1:15". */
export function duration(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
}

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
