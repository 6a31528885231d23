// A file that is dropped anywhere on the page; words that are dragged are left to the browser.

/** Calls `take(file)` for a file that is dropped; while one is above it, the page has the class "dropping". */
export function taken(take) {
  const page = document.documentElement;
  const holds = (event) => event.dataTransfer.types.includes("Files");
  page.addEventListener("dragover", (event) => holds(event) && (event.preventDefault(), page.classList.add("dropping")));
  page.addEventListener("dragleave", (event) => page.contains(event.relatedTarget) || page.classList.remove("dropping"));
  page.addEventListener("drop", (event) => {
    if (!holds(event)) return;
    event.preventDefault();
    page.classList.remove("dropping");
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
}
