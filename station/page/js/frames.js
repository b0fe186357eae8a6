/**
 * Frames: the pools that pictures come through, the sources, and the lines that take pictures from them.
 */

import { setLine } from "./actions.js";
import { get } from "./api.js";
import { problem } from "./dialogs.js";
import { button, h, put, redraw } from "./dom.js";
import { station } from "./station.js";
import { table } from "./table.js";
import { bdi, bytes, code, counted, list, number, plain } from "./text.js";

const AGAIN_MS = 1500;
/** Slots that are drawn of a pool. */
const SLOTS = 128;

const PHASES = { free: ["free", ""], writing: ["being written", "✎"], ready: ["ready", "●"] };

export function framesView(place) {
  const lines = h("div", {});
  const pools = h("div", {});
  const sources = h("div", {});
  put(
    place,
    h("h1", {}, "Frames and lines"),
    h("section", { "aria-labelledby": "lines-title" }, h("h2", { id: "lines-title" }, "Lines"), lines),
    h("section", { "aria-labelledby": "pools-title" }, h("h2", { id: "pools-title" }, "Pools"), pools),
    h("section", { "aria-labelledby": "sources-title" }, h("h2", { id: "sources-title" }, "Sources"), sources),
  );
  let ended = false;
  const part = async (element, segments, make) => {
    try {
      const answer = await get(segments);
      if (!ended) redraw(element, [answer, station.facts?.role], () => make(answer));
    } catch (error) {
      const unknown = () => [h("p", {}, "Not known at the moment."), problem(error)];
      if (!ended) redraw(element, ["unknown", error.message], unknown);
    }
  };
  const load = () =>
    Promise.all([
      part(lines, ["lines"], (answer) => lineTable(list(answer.lines))),
      part(pools, ["frames"], poolList),
      part(sources, ["sources"], (answer) => sourceTable(list(answer.sources))),
    ]);
  const again = async () => {
    while (!ended) {
      if (!document.hidden && station.connection.state === "live") await load();
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  };
  again();
  return () => {
    ended = true;
  };
}

function lineTable(lines) {
  if (lines.length === 0)
    return h("p", { class: "none" }, "No line is configured: inspections begin when somebody asks over HTTP.");
  return table(
    "Lines",
    ["Line", "State", "Product model", "Source", "Step", "Asks for", "Taken", "Dropped", "Not judged", "Actions"],
    lines.map((line) => {
      const running = line.state === "running";
      const key = `line/${line.name}`;
      return h(
        "tr",
        {},
        h("th", { scope: "row" }, bdi(line.name, 60)),
        h(
          "td",
          {},
          h(
            "span",
            { class: "state", "data-state": running ? "ready" : "stopped" },
            plain(line.state, 20),
          ),
        ),
        h("td", {}, bdi(line.pid, 40)),
        h("td", {}, code(line.source, 60)),
        h("td", { class: "number" }, number(line.step_index)),
        h("td", {}, list(line.phases).map((phase) => [code(phase, 20), " "])),
        h("td", { class: "number" }, number(line.taken)),
        h("td", { class: Number(line.dropped) > 0 ? "number strong" : "number" }, number(line.dropped)),
        h("td", { class: Number(line.not_judged) > 0 ? "number strong" : "number" }, number(line.not_judged)),
        h(
          "td",
          { class: "acts" },
          station.may("operate") &&
            button(running ? "Stop" : "Start", () => setLine(line.name, !running), {
              class: running ? null : "primary",
              data: { key },
              "aria-label": `${running ? "Stop" : "Start"} the line ${plain(line.name, 60)}`,
            }),
        ),
      );
    }),
    { numbers: ["Step", "Taken", "Dropped", "Not judged"] },
  );
}

function poolList(answer) {
  if (!answer.broker)
    return h("p", { class: "none" }, "This station has no broker for frames: pictures come from files or uploads.");
  const pools = list(answer.pools);
  if (pools.length === 0) return h("p", { class: "none" }, "No camera has made a pool yet.");
  return h("div", { class: "pools" }, pools.map(poolBox));
}

function poolBox(pool) {
  const name = plain(pool.pool, 60);
  const states = list(pool.states);
  const held = states.filter((slot) => Number(slot.holders) > 0).length;
  const by = (phase) => states.filter((slot) => slot.phase === phase).length;
  const picture = states.map((slot) => slot.picture).find(Boolean);
  const slots = states.slice(0, SLOTS).map((slot, index) => {
    const [words, sign] = PHASES[slot.phase] ?? [plain(slot.phase, 12), "?"];
    const holders = Number(slot.holders) || 0;
    return h(
      "i",
      {
        "data-phase": plain(slot.phase, 12),
        "data-held": holders > 0 ? "yes" : null,
        title: `slot ${index}: ${words}${holders > 0 ? `, held by ${holders}` : ""}`,
      },
      holders > 0 ? String(holders) : sign,
    );
  });
  const tile = (label, value, mood = "") => h("div", { class: `tile ${mood}` }, h("dt", {}, label), h("dd", {}, value));
  return h(
    "article",
    { class: "box", "aria-label": `Pool ${name}` },
    h(
      "div",
      { class: "box-head" },
      h("h3", {}, bdi(name)),
      h(
        "span",
        { class: "state", "data-state": pool.producer ? "ready" : "alarmed" },
        pool.producer ? "camera connected" : "no camera",
      ),
      h(
        "p",
        { class: "soft" },
        `${counted(Number(pool.consumers) || 0, "consumer")} · `,
        `${number(pool.slots)} slots of ${bytes(pool.slot_bytes)}`,
        pool.huge_pages ? " on huge pages" : "",
        picture ? ` · ${number(picture.width)} × ${number(picture.height)} ${plain(picture.format, 12)}` : "",
      ),
    ),
    h(
      "dl",
      { class: "tiles small" },
      tile("Frames a second", number(Math.round(Number(pool.fps) * 10) / 10)),
      tile("Published", number(pool.published)),
      tile("Dropped", number(pool.dropped), Number(pool.dropped) > 0 ? "ng" : ""),
    ),
    h(
      "p",
      {
        class: "slots",
        role: "img",
        "aria-label": `${by("free")} free, ${by("writing")} being written, ${by("ready")} ready, ${held} held`,
      },
      slots,
    ),
    h(
      "p",
      { class: "soft" },
      `${by("free")} free · ${by("writing")} being written · ${by("ready")} ready · ${held} held by consumers`,
    ),
  );
}

function sourceTable(sources) {
  if (sources.length === 0) return h("p", { class: "none" }, "No source is configured.");
  return table(
    "Sources",
    ["Source", "Kind", "Delivers from"],
    sources.map((source) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, bdi(source.name, 60)),
        h("td", {}, plain(source.kind, 30)),
        h("td", {}, source.kind === "pool" ? code(source.pool, 100) : "a file of the station"),
      ),
    ),
  );
}
