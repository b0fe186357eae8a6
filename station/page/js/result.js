/**
 * One result in a window of its own: its verdict, its picture with everything that was found, and all that was recorded.
 */

import { get } from "./api.js";
import { time, tookText } from "./clock.js";
import { openDialog, problem } from "./dialogs.js";
import { h, put } from "./dom.js";
import { labelOf, Overlay, rectsOf } from "./overlay.js";
import { shape } from "./shapes.js";
import { table } from "./table.js";
import { bdi, code, counted, json, number, plain } from "./text.js";
import { kindOf, sentence, word } from "./verdict.js";

/**
 * Shows a result.
 * @param {string} id
 * @param {() => void} closed called when the window was closed and nobody has gone elsewhere meanwhile
 */
export async function showResult(id, closed) {
  const overlay = new Overlay();
  const body = h("div", { class: "detail" }, h("p", { class: "busy" }, "Reading …"));
  const window = openDialog(`Result ${plain(id, 20)}`, () => [body], { class: "wide-dialog" });
  try {
    const result = await get(["results", id]);
    overlay.show(result);
    put(body, parts(result, overlay));
  } catch (error) {
    put(body, problem(error));
  }
  await window;
  overlay.close();
  if (location.hash.startsWith(`#/results/${encodeURIComponent(id)}`)) closed();
}

function parts(result, overlay) {
  const kind = kindOf(result);
  const rects = rectsOf(result);
  const row = (label, ...value) => [h("dt", {}, label), h("dd", {}, ...value)];
  return [
    h(
      "div",
      { class: "banner", "data-kind": kind },
      shape(kind),
      h("p", { class: "word" }, word(kind)),
      h("p", { class: "why" }, bdi(sentence(result, 400), 500)),
    ),
    h(
      "div",
      { class: "columns" },
      h("div", {}, overlay.element, rects.length > 0 && rectTable(rects)),
      h(
        "div",
        {},
        h(
          "dl",
          {},
          row("Product model", bdi(result.pid, 80)),
          row("Time", time(Number(result.at_ms))),
          row("Question", plain(result.phase, 20), `, step ${plain(result.step_index, 10)}`),
          row("Algorithm", code(result.algorithm, 80), " ", bdi(result.version, 40)),
          result.error_code && row("Error code", h("code", {}, plain(result.error_code, 20))),
          result.message && row("Message", bdi(result.message, 2000)),
          row(
            "Took",
            tookText(result.took_us),
            `, after waiting ${tookText(result.waited_us)}, ${counted(Number(result.attempts) || 1, "attempt")}`,
          ),
          result.line && row("Line", bdi(result.line, 80)),
          row(
            "Inspection",
            h(
              "a",
              { href: `#/results?inspection=${encodeURIComponent(plain(result.inspection, 200))}` },
              code(result.inspection, 80),
            ),
          ),
          row("Request", code(result.request_id, 80)),
          row("Package digest", code(result.digest, 80)),
          result.picture &&
            row(
              "Picture",
              `${number(result.picture.width)} × ${number(result.picture.height)} `,
              plain(result.picture.format, 20),
              " from ",
              bdi(result.picture.source, 120),
            ),
        ),
        h(
          "p",
          {},
          h(
            "a",
            { href: `#/log?inspection=${encodeURIComponent(plain(result.inspection, 200))}` },
            "Log of this inspection",
          ),
        ),
        [
          ["Parameters", result.params],
          ["Measured", result.debug],
          ["Context", result.context],
        ].map(
          ([title, value]) =>
            value &&
            Object.keys(value).length > 0 &&
            h("details", { open: title === "Measured" }, h("summary", {}, title), json(value)),
        ),
      ),
    ),
  ];
}

function rectTable(rects) {
  const places = ["x", "y", "width", "height"];
  const rows = rects.map((rect, index) =>
    h(
      "tr",
      {},
      h("th", { scope: "row", class: "number" }, index + 1),
      h("td", {}, bdi(labelOf({ label: rect.label }, 200), 200)),
      h("td", { class: "number" }, number(rect.score)),
      places.map((key) => h("td", { class: "number" }, number(rect[key]))),
    ),
  );
  const titles = ["#", "Label", "Score", "x", "y", "Width", "Height"];
  return table("What was found", titles, rows, { numbers: titles.filter((title) => title !== "Label") });
}
