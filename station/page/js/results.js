/**
 * Results: what was judged, found by what one knows of it, page by page, each with its picture and everything that was
 * recorded.
 */

import { address, blob, get, token } from "./api.js";
import { saveFile } from "./audit.js";
import { time, tookText } from "./clock.js";
import { openDialog, problem } from "./dialogs.js";
import { button, field, h, put, select } from "./dom.js";
import { notice } from "./notices.js";
import { labelOf, Overlay, rectsOf } from "./overlay.js";
import { shape } from "./shapes.js";
import { station } from "./station.js";
import { bdi, code, counted, json, list, number, plain } from "./text.js";
import { kindOf, sentence, word } from "./verdict.js";

const SIZES = ["50", "100", "250"];
const FILTERS = ["pid", "outcome", "algorithm", "version", "inspection", "since", "until"];

export function resultsView(place, { rest, query, go }) {
  const filter = Object.fromEntries(FILTERS.map((key) => [key, query.get(key) ?? ""]));
  let limit = SIZES.includes(query.get("limit") ?? "") ? query.get("limit") : "50";
  /** Where the pages before this one began. */
  const before = [];
  let cursor = null;
  let next = null;
  let asked = 0;
  let seenThen = station.seen;

  const table = h("div", { class: "table-place" });
  const pager = h("div", { class: "pager" });
  const fresh = h("div", { class: "fresh", role: "status" });
  const pids = h(
    "datalist",
    { id: "pids" },
    [...station.seats.keys()].map((pid) => h("option", { value: pid })),
  );
  const text = (key, label, properties = {}) => {
    const input = h("input", { type: "text", autocomplete: "off", spellcheck: "false", ...properties });
    input.value = filter[key];
    input.addEventListener("change", () => change(key, input.value.trim()));
    return field(label, input);
  };
  const date = (key, label) => {
    const input = h("input", { type: "datetime-local", step: "1" });
    input.value = filter[key];
    input.addEventListener("change", () => change(key, input.value));
    return field(label, input);
  };
  const change = (key, value) => {
    filter[key] = value;
    go(`#/results${asQuery()}`, true);
    first();
  };
  const asQuery = () => {
    const parts = new URLSearchParams(Object.entries(filter).filter(([, value]) => value !== ""));
    if (limit !== "50") parts.set("limit", limit);
    const written = parts.toString();
    return written ? `?${written}` : "";
  };
  const wanted = () => {
    const { since, until, ...others } = filter;
    const ms = (value) => (value && !Number.isNaN(Date.parse(value)) ? Date.parse(value) : null);
    return { ...others, since_ms: ms(since), until_ms: ms(until) };
  };
  const first = () => {
    before.length = 0;
    cursor = null;
    load();
  };
  const load = async () => {
    asked += 1;
    const mine = asked;
    seenThen = station.seen;
    put(fresh);
    table.setAttribute("aria-busy", "true");
    try {
      const answer = await get(["results"], { ...wanted(), before: cursor, limit });
      if (mine !== asked) return;
      next = answer.next ?? null;
      put(table, resultTable(list(answer.results), show));
    } catch (error) {
      if (mine !== asked) return;
      next = null;
      put(table, problem(error));
    }
    table.removeAttribute("aria-busy");
    put(
      pager,
      button("Newest", first, { disabled: cursor === null }),
      button(
        "‹ Newer",
        () => {
          cursor = before.pop() ?? null;
          load();
        },
        { disabled: before.length === 0 },
      ),
      h("span", {}, `Page ${before.length + 1}`),
      button(
        "Older ›",
        () => {
          before.push(cursor);
          cursor = next;
          load();
          table.scrollIntoView({ block: "nearest" });
        },
        { disabled: next === null },
      ),
      field(
        "Rows",
        select(
          SIZES.map((size) => [size, size]),
          limit,
          (size) => {
            limit = size;
            go(`#/results${asQuery()}`, true);
            first();
          },
        ),
      ),
      h(
        "span",
        { class: "export" },
        "Export what is filtered: ",
        exportLink("csv", wanted),
        " ",
        exportLink("json", wanted),
      ),
    );
  };
  const show = (id) => go(`#/results/${encodeURIComponent(id)}${asQuery()}`);

  const outcomes = [
    ["", "all"],
    ["OK", "OK"],
    ["NG", "NG"],
    ["FAILED", "failed or not ready"],
  ];
  put(
    place,
    h("h1", {}, "Results"),
    h(
      "form",
      {
        class: "filters",
        role: "search",
        "aria-label": "Filter results",
        on: { submit: (event) => event.preventDefault() },
      },
      pids,
      text("pid", "Product model", { list: "pids", size: "8" }),
      field(
        "Outcome",
        select(outcomes, filter.outcome, (value) => change("outcome", value)),
      ),
      text("algorithm", "Algorithm", { size: "14" }),
      text("version", "Version", { size: "6" }),
      text("inspection", "Inspection", { size: "14" }),
      date("since", "From"),
      date("until", "To"),
      button("Clear", () => go("#/results")),
    ),
    fresh,
    table,
    pager,
  );
  load();
  const timer = setInterval(() => {
    const more = station.seen - seenThen;
    if (more > 0 && cursor === null) {
      if (!fresh.firstChild) put(fresh, button("", first));
      fresh.firstChild.textContent = `${counted(more, "new result")} since this list was read. Read it again`;
    }
  }, 2000);
  if (rest[0]) detail(rest[0], () => go(`#/results${asQuery()}`, true));
  return () => clearInterval(timer);
}

function exportLink(format, wanted) {
  const query = { format, ...wanted() };
  const name = `results.${format}`;
  const label = format.toUpperCase();
  // Without a token the browser itself can fetch it, however long it is; a link cannot send a token.
  if (!token()) return h("a", { href: address(["results", "export"], query), download: name }, label);
  return button(
    label,
    async () => {
      try {
        saveFile(await blob(["results", "export"], query, { limit: 600_000 }), name);
      } catch (error) {
        notice(error.message, "bad");
      }
    },
    { class: "link" },
  );
}

function resultTable(results, show) {
  if (results.length === 0) return h("p", { class: "none" }, "Nothing was judged that fits.");
  const titles = ["Result", "Time", "Verdict", "Product model", "Why", "Step", "Algorithm", "Took", "Inspection"];
  const numbers = new Set(["Took", "Step"]);
  return h(
    "div",
    { class: "wide", tabindex: "0", role: "group", "aria-label": "Results" },
    h(
      "table",
      { class: "results" },
      h("caption", { class: "unseen" }, `${counted(results.length, "result")}, the newest first`),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          titles.map((title) => h("th", { scope: "col", class: numbers.has(title) ? "number" : null }, title)),
        ),
      ),
      h(
        "tbody",
        { on: { click: (event) => open(event, show) } },
        results.map((result) => {
          const kind = kindOf(result);
          return h(
            "tr",
            { "data-kind": kind, "data-id": plain(result.id, 40) },
            h(
              "th",
              { scope: "row" },
              h("a", { href: `#/results/${encodeURIComponent(result.id)}` }, plain(result.id, 20)),
            ),
            h("td", {}, time(Number(result.at_ms))),
            h("td", {}, h("span", { class: "tag", "data-kind": kind }, shape(kind), word(kind))),
            h("td", {}, bdi(result.pid, 40)),
            h("td", { class: "long" }, bdi(sentence(result, 120), 200)),
            h("td", { class: "number" }, plain(result.step_index, 8)),
            h("td", {}, code(result.algorithm, 40), " ", bdi(result.version, 20)),
            h("td", { class: "number" }, tookText(result.took_us)),
            h("td", {}, h("code", { title: plain(result.inspection, 100) }, plain(result.inspection, 12))),
          );
        }),
      ),
    ),
  );
}

function open(event, show) {
  // A click beside the link opens the row too; whoever selects text does not want that.
  if (event.target.closest("a") || String(getSelection()) !== "") return;
  const id = event.target.closest("tr")?.dataset.id;
  if (id) show(id);
}

/** Everything about one result, in a window of its own. */
async function detail(id, closed) {
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
  // Somebody may have gone to another view meanwhile.
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
      h(
        "div",
        {},
        overlay.element,
        rects.length > 0 &&
          h(
            "table",
            { class: "numbers" },
            h("caption", { class: "unseen" }, "What was found"),
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                ["#", "Label", "Score", "x", "y", "Width", "Height"].map((title) =>
                  h("th", { scope: "col", class: title === "Label" ? null : "number" }, title),
                ),
              ),
            ),
            h(
              "tbody",
              {},
              rects.map((rect, index) =>
                h(
                  "tr",
                  {},
                  h("th", { scope: "row", class: "number" }, index + 1),
                  h("td", {}, bdi(labelOf({ label: rect.label }, 200), 200)),
                  h("td", { class: "number" }, number(rect.score)),
                  ["x", "y", "width", "height"].map((key) => h("td", { class: "number" }, number(rect[key]))),
                ),
              ),
            ),
          ),
      ),
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
