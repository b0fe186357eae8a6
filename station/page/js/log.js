/**
 * The log: live, filtered by seat, level, inspection and text, and held still while somebody reads.
 */

import { get } from "./api.js";
import { time } from "./clock.js";
import { problem } from "./dialogs.js";
import { button, drawSoon, field, h, put, select, setOptions, setText } from "./dom.js";
import { station } from "./station.js";
import { bdi, counted, list, LONG, plain } from "./text.js";

const LEVELS = ["error", "warn", "info", "debug", "trace"];
/** Lines that are drawn; whoever looks for older ones makes the filter narrower. */
const DRAWN = 400;
/** Characters of a message that are shown at once. */
const FOLDED = 400;
/** Characters of a line that are searched. */
const SEARCHED = 2000;

function levelOf(line) {
  const level = String(line?.level ?? "").toLowerCase();
  if (level === "warning") return "warn";
  return level === "critical" || level === "fatal" ? "error" : level;
}

function inspectionOf(line) {
  return line?.inspection ?? line?.fields?.inspection ?? line?.fields?.session_id ?? null;
}

export function logView(place, { query, go }) {
  const filter = {
    pid: query.get("pid") ?? "",
    level: query.get("level") ?? "",
    inspection: query.get("inspection") ?? "",
    text: query.get("text") ?? "",
  };
  /** What is shown while the log is held still, or while one inspection is asked for. */
  let held = null;
  let heldAt = 0;
  let wanted = null;
  const said = h("div", {});
  const body = h("tbody", {});
  const count = h("span", { class: "soft", role: "status" });
  const scroll = h(
    "div",
    { class: "wide log-place", tabindex: "0", role: "group", "aria-label": "Log lines" },
    h(
      "table",
      { class: "log" },
      h("caption", { class: "unseen" }, "Log lines, the newest last"),
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          ["Time", "Level", "Seat", "Message"].map((title) => h("th", { scope: "col" }, title)),
        ),
      ),
      body,
    ),
  );
  const pause = button("", () => hold(held === null), { class: "pause", "aria-pressed": "false", title: "Key: P" });
  const pids = () => [
    ["", "all"],
    ...[
      ...new Set([
        ...station.seats.keys(),
        ...station.log.map((line) => line.pid).filter((pid) => typeof pid === "string"),
      ]),
    ]
      .sort()
      .map((pid) => [pid, plain(pid, 40)]),
  ];
  const seat = select(pids(), filter.pid, (value) => change("pid", value));
  const inspection = h("input", { type: "text", size: "16", autocomplete: "off", spellcheck: "false" });
  inspection.value = filter.inspection;
  inspection.addEventListener("change", () => change("inspection", inspection.value.trim()));
  const text = h("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  text.value = filter.text;
  text.addEventListener("input", () => change("text", text.value));

  const change = (key, value) => {
    filter[key] = value;
    const parts = new URLSearchParams(Object.entries(filter).filter(([, one]) => one !== ""));
    go(`#/log${parts.size > 0 ? `?${parts}` : ""}`, true);
    if (key !== "text") older();
    draw(true);
  };
  const hold = (on) => {
    held = on ? station.log.slice() : null;
    heldAt = station.log.length > 0 ? station.log[station.log.length - 1] : null;
    pause.setAttribute("aria-pressed", String(on));
    pause.textContent = on ? "▶ Go on" : "❚❚ Pause";
    draw(!on);
  };
  /** What the station has of this choice and the page has not; of an inspection that is long over, for example. */
  const older = async () => {
    wanted = null;
    put(said);
    if (!filter.inspection && !filter.pid && !filter.level) return;
    const asked = { ...filter };
    try {
      const { lines } = await get(["logs"], {
        pid: asked.pid,
        level: asked.level,
        inspection: asked.inspection,
        limit: 1000,
      });
      if (asked.inspection !== filter.inspection || asked.pid !== filter.pid || asked.level !== filter.level) return;
      wanted = list(lines);
    } catch (error) {
      put(said, problem(error));
    }
    draw(true);
  };
  const fits = (line) => {
    if (filter.pid && line.pid !== filter.pid) return false;
    if (filter.level && LEVELS.indexOf(levelOf(line)) > LEVELS.indexOf(filter.level)) return false;
    // Lines that the station has given for an inspection belong to it, whether they say so or not.
    if (filter.inspection && inspectionOf(line) !== filter.inspection) return false;
    if (!filter.text) return true;
    const needle = filter.text.toLowerCase();
    return `${plain(line.message, SEARCHED)} ${plain(line.fields, SEARCHED)} ${plain(line.worker, 40)}`
      .toLowerCase()
      .includes(needle);
  };
  const lines = () => {
    const live = held ?? station.log;
    if (!wanted) return live.filter(fits);
    const byText = (line) => !filter.text || fits({ ...line, inspection: filter.inspection });
    const last = wanted.length > 0 ? Number(wanted[wanted.length - 1].at_ms) : 0;
    return [...wanted.filter(byText), ...live.filter((line) => Number(line.at_ms) > last && fits(line))];
  };
  let drawn = [];
  const draw = (toEnd = false) => {
    const all = lines();
    const now = all.slice(-DRAWN);
    const atEnd = toEnd || scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
    // Usually lines were only added: those that are there stay, and with them whatever somebody has selected.
    const from = drawn.length > 0 ? now.lastIndexOf(drawn[drawn.length - 1]) : -1;
    const keeps =
      from >= 0 &&
      !toEnd &&
      now.slice(0, from + 1).every((line, index) => line === drawn[drawn.length - from - 1 + index]);
    if (keeps) {
      while (body.children.length > from + 1) body.firstElementChild.remove();
      body.append(...now.slice(from + 1).map(row));
    } else put(body, now.map(row));
    drawn = now;
    const more = held === null ? 0 : station.log.length - 1 - station.log.lastIndexOf(heldAt);
    const of = all.length > now.length ? ` of ${all.length}` : "";
    const paused = held === null ? "" : ` · paused, ${counted(more, "new line")}`;
    setText(count, `${counted(now.length, "line")}${of}${paused}`);
    if (atEnd && held === null) scroll.scrollTop = scroll.scrollHeight;
  };
  put(
    place,
    h("h1", {}, "Log"),
    h(
      "form",
      {
        class: "filters",
        role: "search",
        "aria-label": "Filter the log",
        on: { submit: (event) => event.preventDefault() },
      },
      field("Seat", seat),
      field(
        "Level at least",
        select([["", "all"], ...LEVELS.map((level) => [level, level])], filter.level, (value) =>
          change("level", value),
        ),
      ),
      field("Inspection", inspection),
      field("Text", text),
      pause,
      count,
    ),
    said,
    scroll,
  );
  place.classList.add("fills");
  hold(false);
  older();
  const soon = drawSoon(() => draw(), 400);
  const ends = [station.on(["log"], soon), station.on(["seats"], () => setOptions(seat, pids(), filter.pid))];
  return {
    end: () => {
      ends.forEach((end) => end());
      place.classList.remove("fills");
    },
    keys: { p: () => hold(held === null) },
  };
}

/** A message; one that is longer than anybody reads in passing is folded. */
function message(text) {
  if (typeof text !== "string" || text.length <= FOLDED) return bdi(text, FOLDED);
  return h("details", {}, h("summary", {}, bdi(text, FOLDED)), bdi(text, LONG));
}

function row(line) {
  const level = levelOf(line);
  // The time stands in its own column.
  const fields = Object.entries(line.fields ?? {}).filter(([key]) => key !== "timestamp_ms");
  return h(
    "tr",
    { "data-level": plain(level, 10) },
    h("td", {}, time(Number(line.at_ms))),
    h("td", { class: "level" }, plain(level, 10)),
    h(
      "td",
      { class: "of" },
      bdi(line.pid ?? "station", 40),
      line.worker !== undefined && line.worker !== null
        ? h("span", { class: "soft" }, " ", bdi(line.worker, 20))
        : null,
    ),
    h(
      "td",
      { class: "message" },
      message(line.message),
      fields.length > 0 &&
        h(
          "span",
          { class: "fields" },
          fields
            .slice(0, 20)
            .map(([key, value]) => [" ", h("bdi", {}, h("i", {}, plain(key, 40)), "=", plain(value, 200))]),
        ),
    ),
  );
}
