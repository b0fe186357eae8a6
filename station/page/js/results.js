/**
 * Results: what was judged, found by what one knows of it, page by page, each with its picture and everything that was
 * recorded.
 */

import { address, blob, get, token } from "./api.js";
import { saveFile } from "./audit.js";
import { time, tookText } from "./clock.js";
import { problem } from "./dialogs.js";
import { button, field, h, put, select } from "./dom.js";
import { notice } from "./notices.js";
import { showResult } from "./result.js";
import { shape } from "./shapes.js";
import { station } from "./station.js";
import { table } from "./table.js";
import { bdi, code, counted, list, plain } from "./text.js";
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

  const rows = h("div", {});
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
    rows.setAttribute("aria-busy", "true");
    try {
      const answer = await get(["results"], { ...wanted(), before: cursor, limit });
      if (mine !== asked) return;
      next = answer.next ?? null;
      put(rows, resultTable(list(answer.results), show));
    } catch (error) {
      if (mine !== asked) return;
      next = null;
      put(rows, problem(error));
    }
    rows.removeAttribute("aria-busy");
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
          rows.scrollIntoView({ block: "nearest" });
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
    rows,
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
  if (rest[0]) showResult(rest[0], () => go(`#/results${asQuery()}`, true));
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
  return table(`${counted(results.length, "result")}, the newest first`, titles, results.map(resultRow), {
    class: "results",
    numbers: ["Took", "Step"],
    on: { click: (event) => open(event, show) },
  });
}

function resultRow(result) {
  const kind = kindOf(result);
  return h(
    "tr",
    { "data-kind": kind, "data-id": plain(result.id, 40) },
    h("th", { scope: "row" }, h("a", { href: `#/results/${encodeURIComponent(result.id)}` }, plain(result.id, 20))),
    h("td", {}, time(Number(result.at_ms))),
    h("td", {}, h("span", { class: "tag", "data-kind": kind }, shape(kind), word(kind))),
    h("td", {}, bdi(result.pid, 40)),
    h("td", { class: "long" }, bdi(sentence(result, 120), 200)),
    h("td", { class: "number" }, plain(result.step_index, 8)),
    h("td", {}, code(result.algorithm, 40), " ", bdi(result.version, 20)),
    h("td", { class: "number" }, tookText(result.took_us)),
    h("td", {}, h("code", { title: plain(result.inspection, 100) }, plain(result.inspection, 12))),
  );
}

function open(event, show) {
  // A click beside the link opens the row too; whoever selects text does not want that.
  if (event.target.closest("a") || String(getSelection()) !== "") return;
  const id = event.target.closest("tr")?.dataset.id;
  if (id) show(id);
}
