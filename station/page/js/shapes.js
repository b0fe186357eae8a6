/**
 * The shape that stands beside each word, so that nothing is told by colour alone.
 */

import { s } from "./dom.js";

/** Outlines that are filled, and the strokes on them, in a square of 24. */
const SHAPES = {
  OK: { solid: ["M12 1a11 11 0 1 0 0 22a11 11 0 1 0 0-22z"], lines: ["M6.8 12.4l3.6 3.7l6.9-8"] },
  NG: { solid: ["M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z"], lines: ["M7.7 7.7l8.6 8.6M16.3 7.7l-8.6 8.6"] },
  NOT_READY: { solid: ["M12 1.3L23.6 22.3H0.4z"], lines: ["M12 8.8v6.2M12 18.3v.4"] },
  FAILED: {
    solid: ["M12 0.5L23.5 12L12 23.5L0.5 12z"],
    lines: ["M9.2 9.6a2.9 2.9 0 1 1 4.3 2.6c-1 .6-1.5 1.1-1.5 2.2M12 17.5v.3"],
  },
  READY: { solid: [], lines: ["M12 2a10 10 0 1 0 0 20a10 10 0 1 0 0-20z", "M8 12h8"] },
  JUDGING: {
    solid: [],
    lines: ["M6 2.5h12M6 21.5h12M7 2.5c0 5 4 6.5 5 9.5c1-3 5-4.5 5-9.5M7 21.5c0-5 4-6.5 5-9.5c1 3 5 4.5 5 9.5"],
  },
  WAITING: { solid: [], lines: ["M12 2a10 10 0 1 0 0 20a10 10 0 1 0 0-20z", "M12 6.5v5.7l3.7 2.3"] },
  OFFLINE: {
    solid: [],
    lines: [
      "M9.5 14.5l5-5M11 6.5l1.8-1.8a4.6 4.6 0 0 1 6.5 6.5L17.5 13M13 17.5l-1.8 1.8a4.6 4.6 0 0 1-6.5-6.5L6.5 11",
      "M3 3l18 18",
    ],
  },
  ALARM: {
    solid: [
      "M12 2a6.5 6.5 0 0 0-6.5 6.5c0 5-2 6.5-3 8.5h19c-1-2-3-3.5-3-8.5A6.5 6.5 0 0 0 12 2z",
      "M9.5 19a2.5 2.5 0 0 0 5 0z",
    ],
    lines: [],
  },
  STOPPED: { solid: ["M4 4h16v16H4z"], lines: [] },
  STARTING: { solid: [], lines: ["M21 12a9 9 0 1 1-3-6.7", "M21.5 2.5v5h-5"] },
};

/**
 * The shape of a kind; without a name, since the word stands beside it.
 * @param {string} kind
 */
export function shape(kind) {
  const { solid, lines } = SHAPES[kind] ?? SHAPES.FAILED;
  return s(
    "svg",
    { class: "shape", viewBox: "0 0 24 24", "aria-hidden": "true", "data-kind": kind },
    solid.map((d) => s("path", { d, class: "solid" })),
    lines.map((d) => s("path", { d, class: solid.length > 0 ? "on-solid" : "line" })),
  );
}
