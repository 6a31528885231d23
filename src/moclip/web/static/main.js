// The page: asks the server what it is, makes the tabs, opens the panel that the address names.

import * as api from "./api.js";
import { el, icon } from "./dom.js";
import { taken } from "./dropping.js";
import { failure, loading } from "./states.js";

const PANELS = { search: "Search", generate: "Generate", blend: "Blend", edit: "Edit", probe: "Probe", map: "Map" };
const MAKING = ["generate", "blend", "edit"]; // panels that take a generator
const PAUSE = 3000; // milliseconds between two questions whether it is there
const host = document.getElementById("panel");
const tabs = document.querySelector(".tabs");
const made = new Map();

const app = {
  /** Opens the large player on a clip; `among` are its neighbours. */
  async open(clip, among) {
    const { Player } = await import("./player.js");
    app.player ??= new Player(app);
    return app.player.open(clip, among);
  },
  /** Goes to a panel: go("search", { query: "a person waves" }). */
  go(panel, parameters = {}) {
    const query = new URLSearchParams(parameters).toString();
    const to = `#/${panel}${query ? `?${query}` : ""}`;
    if (location.hash === to) show(); // no event tells of it
    else location.hash = to;
  },
};

function address() {
  const [, name, query] = location.hash.match(/^#\/(\w+)(?:\?(.*))?$/) ?? [];
  return { name: name in PANELS ? name : "search", parameters: Object.fromEntries(new URLSearchParams(query)) };
}

async function show() {
  const { name, parameters } = address();
  for (const tab of tabs.children) {
    tab.setAttribute("aria-selected", String(tab.dataset.panel === name));
    tab.tabIndex = tab.dataset.panel === name ? 0 : -1;
  }
  document.title = `${PANELS[name]} · moclip`;
  try {
    if (!made.has(name)) made.set(name, (await import(`./panels/${name}.js`)).create(app));
    if (address().name !== name) return; // the user has gone on meanwhile
    const panel = made.get(name);
    if (host.firstChild !== panel.node) host.replaceChildren(panel.node);
    host.setAttribute("aria-labelledby", `tab-${name}`);
    panel.show?.(parameters);
  } catch (error) {
    console.error(error);
    host.replaceChildren(failure(error, show));
  }
}

function makeTabs() {
  tabs.replaceChildren(
    ...Object.entries(PANELS).map(([name, label]) =>
      el("a", { class: "tab", role: "tab", id: `tab-${name}`, href: `#/${name}`, "data-panel": name, "aria-controls": "panel" }, icon(name), el("span", {}, label)),
    ),
  );
  host.setAttribute("role", "tabpanel");
  tabs.addEventListener("keydown", (event) => {
    const all = [...tabs.children];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = all[(all.indexOf(document.activeElement) + step + all.length) % all.length];
    next.focus();
    next.click();
  });
}

function shortcuts(event) {
  if (event.key !== "/" || event.target.matches("input, textarea, select") || document.querySelector("dialog[open]")) return;
  const field = host.querySelector("input[type=search], textarea");
  if (field) (event.preventDefault(), field.focus());
}

/** A link to where we are: what stands there may be another thing meanwhile, such as a refusal. */
function again(event) {
  if (event.target.closest("a[href^='#/']")?.hash === location.hash) show();
}

/** A file from anywhere on the page: the search takes it, whatever is open. */
async function receive(file) {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
  if (location.hash !== "#/search") history.pushState(null, "", "#/search"); // without an event, which would come too late
  await show();
  made.get("search")?.take(file);
}

/** While the generator is being trained: says how far it is, and opens its panels when it is there. */
async function watch() {
  while (app.health.coming && !app.health.coming.failed) {
    await new Promise((done) => setTimeout(done, PAUSE));
    try {
      app.health = await api.health();
    } catch {
      continue; // the server is away for a moment
    }
    for (const name of MAKING) made.delete(name);
    if (MAKING.includes(address().name)) await show();
  }
}

async function start() {
  host.replaceChildren(loading("Opening the library…"));
  try {
    [app.health, app.library, app.skeleton] = await Promise.all([api.health(), api.library(), api.skeleton()]);
  } catch (error) {
    host.replaceChildren(failure(error, start));
    return;
  }
  makeTabs();
  addEventListener("hashchange", show);
  addEventListener("keydown", shortcuts);
  addEventListener("click", again);
  taken(receive);
  await show();
  watch();
}

start();
