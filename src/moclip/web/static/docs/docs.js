// The colours of the page for RapiDoc: as chosen there, else what the system prefers.

const system = matchMedia("(prefers-color-scheme: dark)");
const view = document.querySelector("rapi-doc");
const COLOURS = {
  "bg-color": "--paper",
  "text-color": "--ink",
  "primary-color": "--accent",
  "nav-bg-color": "--surface",
  "nav-text-color": "--soft",
};

function apply() {
  const theme = localStorage.getItem("moclip-theme") ?? (system.matches ? "dark" : "light");
  document.documentElement.dataset.theme = theme;
  view.setAttribute("theme", theme);
  const style = getComputedStyle(document.documentElement);
  for (const [name, colour] of Object.entries(COLOURS)) {
    view.setAttribute(name, style.getPropertyValue(colour).trim());
  }
}

system.addEventListener("change", apply);
apply();
