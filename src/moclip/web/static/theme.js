// Light or dark: what the system prefers until the user says otherwise.

import { icon } from "./dom.js";

const KEY = "moclip-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const button = document.getElementById("theme");

function wanted() {
  return localStorage.getItem(KEY) ?? (system.matches ? "dark" : "light");
}

function apply() {
  const theme = wanted();
  document.documentElement.dataset.theme = theme;
  button.replaceChildren(icon(theme === "dark" ? "light" : "dark"));
  button.setAttribute("aria-label", theme === "dark" ? "Use light colours" : "Use dark colours");
  dispatchEvent(new Event("themechange"));
}

button.addEventListener("click", () => {
  localStorage.setItem(KEY, wanted() === "dark" ? "light" : "dark");
  apply();
});
system.addEventListener("change", apply);
apply();
