/**
 * Text that packages, algorithms and logs say. It is hostile: it may be endless, reverse the direction of what follows,
 * or hide itself. Here it becomes text that can be shown anywhere.
 */

import { h } from "./dom.js";

/** Control characters, what turns the direction of writing, and what cannot be seen. */
const CONTROLS = "\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f";
const DIRECTIONS = "\\u061c\\u200e-\\u200f\\u2028-\\u202e\\u2066-\\u2069";
const UNSEEN = "\\u00ad\\u180e\\u200b-\\u200c\\u2060-\\u2065\\u206a-\\u206f\\ufeff\\ufff9-\\ufffb";
const TREACHEROUS = new RegExp(`[${CONTROLS}${DIRECTIONS}${UNSEEN}]`, "g");

/** What joins letters, except where it makes one picture of several. */
const JOINER = /(?<!\p{Extended_Pictographic}\ufe0f?)\u200d|\u200d(?!\p{Extended_Pictographic})/gu;

/** Marks on one letter beyond what any language writes; they would reach into the lines around. */
const MARKS = /(\p{M}{4})\p{M}+/gu;

/** Characters of a text that are shown in a table or a line. */
export const SHORT = 160;

/** Characters of a text that are shown where somebody reads it. */
export const LONG = 4000;

/**
 * A text without characters that mislead, cut to a length.
 * @param {unknown} value anything; what is not a text is written as JSON
 * @param {number} most characters
 */
export function plain(value, most = SHORT) {
  const text = typeof value === "string" ? value : value === null || value === undefined ? "" : encode(value);
  // Cut before anything is replaced, so that ten million characters cost no more than ten.
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return cut.toWellFormed().replace(TREACHEROUS, visible).replace(JOINER, visible).replace(MARKS, "$1");
}

function visible(letter) {
  return `⟨U+${letter.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
}

function encode(value) {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}

/** A text in an element that keeps its direction of writing to itself. */
export function bdi(value, most = SHORT, properties = {}) {
  return h("bdi", properties, plain(value, most));
}

/** A name, such as of an algorithm, in the type of programs. */
export function code(value, most = SHORT) {
  return h("code", {}, bdi(value, most));
}

/** A value as lines of JSON for those who want to read all of it. */
export function json(value) {
  let text = "";
  try {
    text = JSON.stringify(value, null, 2) ?? "";
  } catch {
    text = "";
  }
  return h("pre", { class: "json", tabindex: "0" }, plain(text, 20000));
}

/** A list in words: `a`, `a and b`, `a, b and c`. */
export function inWords(items) {
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

/** A number with its noun. */
export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });

/** A number with separators; a dash for what is none. */
export function number(value) {
  return typeof value === "number" && Number.isFinite(value) ? NUMBER.format(value) : "–";
}

/** Bytes in the unit that suits them. */
export function bytes(value) {
  if (typeof value !== "number" || !Number.isFinite(value)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let amount = value;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? amount : amount.toFixed(amount < 10 ? 1 : 0)} ${units[unit]}`;
}

/** A list, whatever was sent. */
export function list(value) {
  return Array.isArray(value) ? value : [];
}
