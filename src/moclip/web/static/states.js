// What stands in a panel while there is nothing to see yet: loading, empty, refused, busy.

import { el } from "./dom.js";

export function loading(words = "Looking…") {
  return el("div", { class: "state", role: "status" }, el("span", { class: "spinner", "aria-hidden": "true" }), words);
}

export function message(title, words, ...actions) {
  return el(
    "div",
    { class: "state" },
    el("strong", {}, title),
    words && el("p", {}, words),
    actions.length > 0 && el("div", { class: "row" }, actions),
  );
}

/** Why it did not work, and a way to try again; a busy server is asked again after the time it named. */
export function failure(error, again) {
  if (error.status === 429) return waiting(error.wait, again);
  const node = message("That did not work", error.message, el("button", { class: "button", onclick: again }, "Try again"));
  node.classList.add("failed");
  node.setAttribute("role", "alert");
  return node;
}

function waiting(seconds, again) {
  const node = message(
    "The server is busy",
    `Others are being served first; asking again in ${seconds} s.`,
    el("button", { class: "button", onclick: () => go() }, "Ask now"),
  );
  node.classList.add("busy");
  node.setAttribute("role", "status");
  const timer = setTimeout(() => node.isConnected && go(), 1000 * seconds);
  function go() {
    clearTimeout(timer);
    again();
  }
  return node;
}

/**
 * A runner for one place: `run(work, show)` puts "loading" into `host`, then what `show` makes of the answer.
 * Only the latest run is shown, so a slow answer never covers a newer one.
 */
export function runner(host) {
  let latest = 0;
  return async function run(work, show, words) {
    latest += 1;
    const mine = latest;
    host.setAttribute("aria-busy", "true");
    host.replaceChildren(loading(words));
    try {
      const answer = await work();
      if (mine === latest) host.replaceChildren(...[show(answer)].flat());
    } catch (error) {
      if (mine !== latest) return;
      if (!("status" in error)) console.error(error);
      host.replaceChildren(failure(error, () => run(work, show, words)));
    } finally {
      if (mine === latest) host.removeAttribute("aria-busy");
    }
  };
}
