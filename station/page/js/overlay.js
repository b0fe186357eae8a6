/**
 * A picture with the rects of a result drawn over it, in the coordinates of the picture. The drawing grows and shrinks
 * with its place; lines and letters keep their size on the screen.
 */

import { h, put, s } from "./dom.js";
import { hasPicture, picture } from "./pictures.js";
import { counted, list, plain } from "./text.js";
import { kindOf } from "./verdict.js";

/** Rects that are drawn; a station sends at most 20 unless it was told otherwise. */
const MOST = 100;
/** With more rects than this, labels would hide the picture: only numbers are drawn. */
const NAMED = 6;
/** Height of letters on the screen in pixels, and what it may be of the picture's width. */
const LETTERS = 14;

/** Rects that can be drawn. */
export function rectsOf(result) {
  return list(result?.defects)
    .filter((rect) => ["x", "y", "width", "height"].every((key) => Number.isFinite(rect?.[key])))
    .slice(0, MOST);
}

/** What is written beside a rect. */
export function labelOf(rect, most = 40, scored = true) {
  const label = plain(rect.label, most).trim();
  // A label may end in a number; what comes after it must not look like a part of it.
  const score = scored && Number.isFinite(rect.score) ? rect.score.toFixed(2) : "";
  return [label, score].filter(Boolean).join(" · ");
}

export class Overlay {
  #result = null;
  #shown = null;
  #image = s("image", { preserveAspectRatio: "none" });
  #marks = s("g", {});
  #svg = s("svg", { class: "overlay", role: "img" }, this.#image, this.#marks);
  #none = h("p", { class: "no-picture" });
  #loading = false;
  #wanted = null;

  element = h("div", { class: "picture" }, this.#svg, this.#none);

  constructor() {
    // Only the size on the screen decides how large letters are in the picture's coordinates.
    this.observer = new ResizeObserver(() => this.#mark());
    this.observer.observe(this.#svg);
    put(this.#none, "No picture");
    this.element.classList.add("empty");
  }

  /** Ends the observation. */
  close() {
    this.observer.disconnect();
  }

  /**
   * Shows a result. While its picture is on its way the former result stays, rects included, so that rects never lie
   * on another picture; when results come faster than pictures, those between are left out.
   * @param {any} result or null
   */
  show(result) {
    if (result === this.#result || (result && this.#result && result.id === this.#result.id)) return;
    this.#result = result;
    if (!hasPicture(result)) {
      this.#wanted = null;
      this.#draw(result, null);
      return;
    }
    this.#wanted = result;
    this.element.classList.toggle("behind", this.#shown !== null);
    if (!this.#loading) this.#load();
  }

  async #load() {
    this.#loading = true;
    while (this.#wanted) {
      const result = this.#wanted;
      this.#wanted = null;
      const address = await picture(result);
      if (address) await decoded(address);
      if (this.#result && (this.#wanted || this.#result.id === result.id)) this.#draw(result, address);
    }
    this.#loading = false;
  }

  #draw(result, address) {
    const { width, height } = sizeOf(result);
    this.#shown = result;
    this.element.classList.toggle("behind", this.#wanted !== null);
    this.element.classList.toggle("empty", !result || (!address && rectsOf(result).length === 0));
    if (!result) return;
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#image.setAttribute("width", String(width));
    this.#image.setAttribute("height", String(height));
    if (address) this.#image.setAttribute("href", address);
    else this.#image.removeAttribute("href");
    const rects = rectsOf(result);
    const found =
      rects.length > 0
        ? `${counted(rects.length, "rect")}: ${rects.map((rect) => labelOf(rect)).join("; ")}`
        : "no rects";
    this.#svg.setAttribute(
      "aria-label",
      `Picture of ${plain(result.pid, 40)}, step ${plain(result.step_index, 10)}, ${plain(found, 600)}`,
    );
    put(this.#none, address ? "" : "No picture was kept; only the places are shown");
    this.#mark();
  }

  #mark() {
    const result = this.#shown;
    if (!result) return;
    const { width, height } = sizeOf(result);
    const place = this.#svg.getBoundingClientRect();
    const scale = place.width > 0 && place.height > 0 ? Math.max(width / place.width, height / place.height) : 1;
    const rects = rectsOf(result);
    const named = rects.length <= NAMED && place.width >= 240;
    const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
    const letters = Math.max(LETTERS, Math.min(rem * 1.15, place.width / 28)) * scale;
    const kind = kindOf(result) === "NOT_READY" || kindOf(result) === "READY" ? "calibration" : "defect";
    put(
      this.#marks,
      rects.map((rect, index) => mark(rect, index + 1, { kind, named, letters, scale, width, height })),
    );
    for (const label of this.#marks.querySelectorAll(".label")) fitLabel(label, width, height, letters);
  }
}

/** The picture's size; what cannot be one is taken as a usual one. */
function sizeOf(result) {
  const good = (value) => (Number.isFinite(value) && value > 0 && value <= 1e6 ? value : null);
  const width = good(result?.picture?.width);
  const height = good(result?.picture?.height);
  return width && height ? { width, height } : { width: 640, height: 480 };
}

function mark(rect, number, { kind, named, letters, scale, width, height }) {
  // A rect that leaves the picture is drawn as far as it lies within.
  const x = Math.min(Math.max(rect.x, 0), width);
  const y = Math.min(Math.max(rect.y, 0), height);
  const right = Math.min(Math.max(rect.x + rect.width, x), width);
  const bottom = Math.min(Math.max(rect.y + rect.height, y), height);
  const box = { x, y, width: right - x, height: bottom - y };
  const text = named ? `${number} ${labelOf(rect, 40, kind === "defect")}` : String(number);
  return s(
    "g",
    { class: `mark ${kind}` },
    s("title", {}, `${number}: ${labelOf(rect, 400)}`),
    s("rect", { ...box, class: "edge" }),
    s("rect", { ...box, class: "frame" }),
    s(
      "g",
      { class: "label", "data-x": x, "data-y": y, "data-bottom": bottom },
      s("rect", { class: "plate", rx: 2 * scale }),
      s("text", { "font-size": letters }, text),
    ),
  );
}

/** Puts a label above its rect, or below or into it where there is no room, and never outside the picture. */
function fitLabel(label, width, height, letters) {
  const plate = label.querySelector(".plate");
  const text = label.querySelector("text");
  const pad = letters * 0.3;
  const room = width - 2 * pad;
  const written = text.getComputedTextLength();
  if (written > room) {
    const letters = [...text.textContent];
    const fitting = Math.max(1, Math.floor((letters.length * room) / written) - 2);
    text.textContent = `${letters.slice(0, fitting).join("")}…`;
  }
  const long = Math.min(text.getComputedTextLength() + 2 * pad, width);
  const high = letters * 1.35;
  const { x, y, bottom } = label.dataset;
  const left = Math.max(0, Math.min(Number(x), width - long));
  const above = Number(y) - high;
  const below = Number(bottom) + high <= height ? Number(bottom) : Number(y);
  const top = above >= 0 ? above : Math.min(below, height - high);
  for (const [name, value] of Object.entries({ x: left, y: top, width: long, height: high })) {
    plate.setAttribute(name, String(value));
  }
  text.setAttribute("x", String(left + pad));
  text.setAttribute("y", String(top + letters));
}

async function decoded(address) {
  const image = new Image();
  image.src = address;
  try {
    await image.decode();
  } catch {
    // Bytes that are no picture: the rects are shown on an empty ground.
  }
}
