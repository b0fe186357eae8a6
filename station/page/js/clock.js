/**
 * Times: the station's clock, which may differ from the browser's, and how points and spans of time are written.
 */

import { h } from "./dom.js";

/** How far the station's clock is ahead of the browser's, in milliseconds. */
let ahead = 0;

/** Less than this is the resolution of the header and the way of the answer, and not a clock that is wrong. */
const NOTICEABLE_MS = 2000;

/** Learns the station's time from the header `Date` of an answer. */
export function learn(header) {
  const said = header ? Date.parse(header) : Number.NaN;
  if (Number.isNaN(said)) return;
  const difference = said - Date.now();
  ahead = Math.abs(difference) < NOTICEABLE_MS ? 0 : difference;
}

/** The station's time now, in milliseconds since 1970. */
export function now() {
  return Date.now() + ahead;
}

/** By how much the clocks differ, in milliseconds; 0 if that is not worth a word. */
export function difference() {
  return ahead;
}

const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });
const YEAR = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });
const MINUTE = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });

function sameDay(one, other) {
  return one.toDateString() === other.toDateString();
}

/** A point of time in local words: the time alone if it is of today. */
export function timeText(ms) {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return "–";
  const today = new Date(now());
  if (sameDay(date, today)) return TIME.format(date);
  const day = date.getFullYear() === today.getFullYear() ? DAY.format(date) : YEAR.format(date);
  return `${day} ${TIME.format(date)}`;
}

/** The label of an axis of time. */
export function axisText(ms, spanMs) {
  const date = new Date(ms);
  return spanMs > 36 * 3600e3 ? `${DAY.format(date)} ${MINUTE.format(date)}` : MINUTE.format(date);
}

/**
 * A point of time: local time, with the time in UTC for machines and as the title.
 * @param {number | string} value milliseconds since 1970, or a time as ISO 8601 writes it
 */
export function time(value) {
  const ms = typeof value === "number" ? value : Date.parse(String(value));
  const date = new Date(ms);
  if (value === null || value === undefined || Number.isNaN(date.getTime())) return h("span", {}, "–");
  return h("time", { datetime: date.toISOString(), title: date.toISOString() }, timeText(ms));
}

/** How long ago in a few words: `3 s`, `2 min`, `5 h`. */
export function spanText(ms) {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} s`;
  if (seconds < 6000) return `${Math.round(seconds / 60)} min`;
  if (seconds < 100 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

/** A time that something took, given in microseconds. */
export function tookText(us) {
  if (typeof us !== "number" || !Number.isFinite(us)) return "–";
  if (us < 1000) return `${Math.round(us)} µs`;
  const ms = us / 1000;
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 2 : ms < 100 ? 1 : 0)} ms`;
  return `${(ms / 1000).toFixed(ms < 10000 ? 2 : 1)} s`;
}
