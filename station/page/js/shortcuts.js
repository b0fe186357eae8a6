/**
 * Keys: single letters, only when nobody is typing, and all of them listed under `?`. Whoever dictates or leans on keys
 * can switch them off.
 */

import { openDialog } from "./dialogs.js";
import { h } from "./dom.js";

const OFF = "procvision-no-shortcuts";

/** @type {Array<[string, string]>} a key and what it does */
const LIST = [
  ["1 … 6", "Line, Algorithms, Results, Charts, Log, Frames"],
  ["[ and ]", "on the line: the seat before, the next one, alone"],
  ["Esc", "on the line: all seats again; in a window: close it"],
  ["/", "into the first filter"],
  ["P", "in the log: pause, go on"],
  ["R", "connect again at once"],
  ["T", "colours: as the system, light, dark"],
  ["?", "this list"],
];

/**
 * @param {(key: string) => boolean} handle whether a key did something
 */
export function listen(handle) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
    if (localStorage.getItem(OFF) && event.key !== "?") return;
    const at = /** @type {HTMLElement} */ (event.target);
    if (at.closest?.("input, select, textarea, [contenteditable]") || document.querySelector("dialog[open]")) return;
    if (handle(event.key)) event.preventDefault();
  });
}

export function showShortcuts() {
  const off = h("input", { type: "checkbox", name: "keys", checked: !localStorage.getItem(OFF) });
  off.addEventListener("change", () => {
    if (off.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
  return openDialog(
    "Keys",
    (close) => [
      h(
        "table",
        { class: "keys" },
        h(
          "thead",
          { class: "unseen" },
          h("tr", {}, h("th", { scope: "col" }, "Key"), h("th", { scope: "col" }, "What it does")),
        ),
        h(
          "tbody",
          {},
          LIST.map(([key, what]) => h("tr", {}, h("th", { scope: "row" }, h("kbd", {}, key)), h("td", {}, what))),
        ),
      ),
      h("label", { class: "check" }, off, h("span", {}, "Single keys do something")),
      h(
        "div",
        { class: "actions" },
        h("button", { type: "button", class: "primary", autofocus: true, on: { click: () => close() } }, "Close"),
      ),
    ],
    { class: "narrow" },
  );
}
