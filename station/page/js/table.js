/**
 * Tables as all views have them: with a caption and scopes for screen readers, and a place of their own in which they
 * scroll sideways, by keys too, so that the page never does.
 */

import { h } from "./dom.js";

/**
 * @param {string} caption what the table lists; not shown, since a heading above says it
 * @param {string[]} titles of the columns
 * @param {import("./dom.js").Child[]} rows
 * @param {{ numbers?: string[], class?: string, on?: Record<string, (event: any) => void> }} [more] columns of numbers;
 *   what rows do
 */
export function table(caption, titles, rows, { numbers = [], class: name, on = {} } = {}) {
  const head = titles.map((title) =>
    h("th", { scope: "col", class: numbers.includes(title) ? "number" : null }, title),
  );
  return h(
    "div",
    { class: "wide", tabindex: "0", role: "group", "aria-label": caption },
    h(
      "table",
      { class: name },
      h("caption", { class: "unseen" }, caption),
      h("thead", {}, h("tr", {}, head)),
      h("tbody", { on }, rows),
    ),
  );
}
