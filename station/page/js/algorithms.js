/**
 * Algorithms: which version judges which product model, their workers, and what is installed; with everything that
 * changes it.
 */

import { activate, deactivate, rollback, start, stop, switchTo, uninstall, usable } from "./actions.js";
import { openAudit } from "./audit.js";
import { now, spanText, time } from "./clock.js";
import { button, drawSoon, h, put, redraw, setText } from "./dom.js";
import { installForm } from "./install.js";
import { STATES } from "./seat.js";
import { station } from "./station.js";
import { table } from "./table.js";
import { bdi, bytes, code, list, number, plain } from "./text.js";

/** Product models that are shown of a version before the rest is folded. */
const PIDS = 12;

/** How the states of installed versions are told. */
const VERSIONS = {
  executing: "in use",
  running: "active",
  deployed: "installed",
  stopped: "being removed",
  invalid: "damaged",
};

const WORKER_TITLES = ["Worker", "State", "For", "Process", "Restarts", "Last failure"];
const VERSION_TITLES = [
  "Algorithm",
  "Version",
  "State",
  "Judges",
  "Supports",
  "Size",
  "Installed",
  "Actions",
];

export function algorithmsView(place) {
  const seats = h("div", {});
  const installed = h("div", {});
  const filter = h("input", {
    type: "search",
    name: "filter",
    placeholder: "Name",
    "aria-label": "Show only names that contain",
    on: { input: () => soon() },
  });
  const install = h("div", {});
  put(
    place,
    h("h1", {}, "Algorithms"),
    h("section", { "aria-labelledby": "active-title" }, h("h2", { id: "active-title" }, "Seats"), seats),
    h(
      "section",
      { "aria-labelledby": "installed-title" },
      h("div", { class: "title-row" }, h("h2", { id: "installed-title" }, "Installed versions"), filter),
      installed,
    ),
    install,
  );
  let role = null;
  const draw = () => {
    const active = [...station.seats.values()].sort((one, other) => (one.pid < other.pid ? -1 : 1));
    redraw(seats, [active, station.facts?.role], () => seatTable(active));
    const wanted = filter.value.trim().toLowerCase();
    const versions = station.algorithms.filter((one) => plain(one.name, 200).toLowerCase().includes(wanted));
    redraw(installed, [versions, station.facts?.role, active.map((seat) => seat.pid)], () =>
      versionTable(versions, wanted),
    );
    if (role !== station.facts?.role) {
      role = station.facts?.role;
      put(install, station.may("manage") && installForm());
    }
    for (const cell of seats.querySelectorAll("td")) {
      if (cell.dataset.since) setText(cell, spanText(now() - Number(cell.dataset.since)));
    }
  };
  const soon = drawSoon(draw);
  const end = station.on(["seats", "store", "station", "alarms"], soon);
  const timer = setInterval(soon, 1000);
  draw();
  // What is installed at the command line is told by no event.
  if (station.connection.state === "live") station.refresh();
  return () => {
    clearInterval(timer);
    end();
  };
}

function state(value, words = STATES) {
  return h("span", { class: "state", "data-state": plain(value, 20) }, words[value] ?? plain(value, 20));
}

function seatTable(active) {
  if (active.length === 0)
    return h(
      "p",
      { class: "none" },
      station.known
        ? "No product model has an algorithm. Activate an installed version below."
        : "Asking the station …",
    );
  return h("div", { class: "seat-list" }, active.map(seatBox));
}

function seatBox(seat) {
  const running = seat.workers.some((worker) => worker.state !== "stopped" && worker.state !== "alarmed");
  const key = (what) => ({ data: { key: `${what}/${seat.pid}` } });
  const packaged = seat.kind !== "command";
  return h(
    "article",
    { class: "box", "data-state": plain(seat.state, 20), "aria-label": `Seat ${plain(seat.pid, 40)}` },
    h(
      "div",
      { class: "box-head" },
      h("h3", {}, h("a", { href: `#/line/${encodeURIComponent(seat.pid)}` }, bdi(seat.pid, 40))),
      h(
        "p",
        { class: "box-what" },
        code(seat.name, 60),
        " ",
        h("b", {}, bdi(seat.version, 40)),
        packaged ? null : h("span", { class: "chip" }, "command"),
      ),
      state(seat.state),
      h(
        "p",
        { class: "soft" },
        Number.isFinite(seat.since_ms) && ["since ", time(seat.since_ms)],
        seat.queue && ` · ${number(seat.queue.waiting)} of ${number(seat.queue.bound)} waiting`,
      ),
      h(
        "div",
        { class: "acts" },
        station.may("operate") &&
          !running &&
          button("Start", () => start(seat.pid), { class: "primary", ...key("start") }),
        station.may("operate") && running && button("Stop", () => stop(seat.pid), key("stop")),
        station.may("manage") &&
          packaged && [
            button("Switch …", () => switchTo(seat.pid), key("switch")),
            list(seat.previous).length > 0 && button("Roll back", () => rollback(seat.pid), key("rollback")),
            button("Deactivate", () => deactivate(seat.pid), key("deactivate")),
          ],
      ),
    ),
    table(`Workers of ${plain(seat.pid, 40)}`, WORKER_TITLES, seat.workers.map(workerRow), {
      class: "workers",
      numbers: ["Process", "Restarts"],
    }),
  );
}

function workerRow(worker) {
  const since = Number.isFinite(worker.since_ms) ? worker.since_ms : null;
  return h(
    "tr",
    { "data-state": plain(worker.state, 20) },
    h("th", { scope: "row" }, bdi(worker.id, 40)),
    h("td", {}, state(worker.state)),
    h("td", { "data-since": since }, since === null ? "–" : spanText(now() - since)),
    h("td", { class: "number" }, plain(worker.process, 12) || "–"),
    h("td", { class: Number(worker.restarts) > 0 ? "number strong" : "number" }, number(worker.restarts)),
    h(
      "td",
      { class: "long" },
      worker.last_failure ? bdi(worker.last_failure, 240) : h("span", { class: "none" }, "none"),
    ),
  );
}

function versionTable(versions, wanted) {
  if (versions.length === 0) {
    const none = station.known ? "Nothing is installed." : "Asking the station …";
    return h("p", { class: "none" }, wanted ? "No name contains that." : none);
  }
  const sorted = versions.slice().sort(compare);
  const rows = sorted.map((one, index) => versionRow(one, index > 0 && sorted[index - 1].name === one.name));
  return table("Installed versions", VERSION_TITLES, rows, { class: "versions", numbers: ["Size"] });
}

function compare(one, other) {
  if (one.name !== other.name) return one.name < other.name ? -1 : 1;
  return String(other.version).localeCompare(String(one.version), "en", { numeric: true });
}

function pidChips(pids, none) {
  const all = list(pids);
  if (all.length === 0) return h("span", { class: "none" }, none);
  const chip = (pid) => [h("span", { class: "chip" }, bdi(pid, 30)), " "];
  return [
    all.slice(0, PIDS).map(chip),
    all.length > PIDS &&
      h("details", {}, h("summary", {}, `${all.length - PIDS} more`), all.slice(PIDS, 200).map(chip)),
  ];
}

function versionRow(one, again) {
  const free = list(one.supported_pids).filter((pid) => !station.seats.has(pid));
  const key = (what) => ({ data: { key: `${what}/${one.name}/${one.version}` } });
  const name = `${plain(one.name, 60)} ${plain(one.version, 40)}`;
  return h(
    "tr",
    { class: again ? "again" : null },
    h(
      "th",
      { scope: "row" },
      h("span", { class: again ? "unseen" : null }, code(one.name, 80)),
      !again && h("span", { class: "description" }, bdi(one.description, 200)),
    ),
    h(
      "td",
      {},
      h("b", {}, bdi(one.version, 40)),
      h("span", { class: "description" }, h("code", { title: plain(one.digest, 80) }, plain(one.digest, 10))),
    ),
    h("td", {}, state(one.state, VERSIONS)),
    h("td", {}, pidChips(one.pids, "nothing")),
    h("td", {}, pidChips(one.supported_pids, "nothing")),
    h("td", { class: "number" }, bytes(one.bytes)),
    h("td", {}, time(one.installed)),
    h(
      "td",
      { class: "acts" },
      button("Audit", () => openAudit(one.name, one.version), {
        "aria-label": `Audit page of ${name}`,
        ...key("audit"),
      }),
      station.may("manage") &&
        usable(one) &&
        free.length > 0 &&
        button("Activate …", () => activate(one), { "aria-label": `Activate ${name}`, ...key("activate") }),
      station.may("manage") &&
        button("Uninstall", () => uninstall(one), { "aria-label": `Uninstall ${name}`, ...key("uninstall") }),
    ),
  );
}
