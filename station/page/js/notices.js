/**
 * Short messages: on the screen for a while, and spoken by screen readers. Verdicts are spoken only when they change,
 * and not more often than one can listen.
 */

import { button, h, put } from "./dom.js";
import { plain } from "./text.js";

const STAYS_MS = 8000;
/** Those that say more stay longer. */
const STAYS_LONGER_MS = 25_000;
const MOST = 4;
/** The shortest pause between two spoken messages. */
const BREATH_MS = 2500;

/**
 * Shows a message at the edge of the page.
 * @param {string} text
 * @param {"good" | "bad"} [mood]
 * @param {string[]} [more] lines below it, such as warnings
 */
export function notice(text, mood = "good", more = []) {
  const place = document.getElementById("notices");
  const element = h(
    "div",
    { class: `notice ${mood}`, role: mood === "bad" ? "alert" : "status" },
    h(
      "div",
      {},
      h("p", {}, h("bdi", {}, plain(text, 400))),
      more.map((line) => h("p", { class: "soft" }, h("bdi", {}, plain(line, 300)))),
    ),
    button("✕", () => element.remove(), { class: "leave", "aria-label": "Put this message away" }),
  );
  place.append(element);
  while (place.children.length > MOST) place.firstElementChild.remove();
  if (mood === "good") setTimeout(() => element.remove(), more.length === 0 ? STAYS_MS : STAYS_LONGER_MS);
}

/** Puts away what was said in another view, so that nothing lies over a verdict. */
export function clearNotices() {
  for (const element of document.querySelectorAll("#notices .notice.good")) element.remove();
}

/** Tells what an operation has brought: its warnings, and what the policy has against it. */
export function told(text, answer) {
  const objections = (answer?.objections ?? []).map((objection) => objection?.message);
  const more = [...objections, ...(answer?.warnings ?? [])].filter((line) => typeof line === "string").slice(0, 6);
  notice(text, "good", more);
}

const waiting = new Map();
let timer = 0;

/** Says something politely; of several about one subject only the latest is spoken. */
export function say(subject, text) {
  waiting.set(subject, text);
  if (!timer) speak();
}

function speak() {
  timer = 0;
  if (waiting.size === 0) return;
  put(document.getElementById("spoken"), [...waiting.values()].join(" "));
  waiting.clear();
  timer = setTimeout(speak, BREATH_MS);
}

/** Says something at once. */
export function cry(text) {
  put(document.getElementById("alert"), text);
}
