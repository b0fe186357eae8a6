/**
 * Puts the page together: which view is shown, whether what it shows is current, and who is looking.
 */

import { watchAlarms } from "./alarms.js";
import { algorithmsView } from "./algorithms.js";
import { onUnauthorized, setToken, token, tokenMissing } from "./api.js";
import { chartsView } from "./charts.js";
import { difference, now, spanText, timeText } from "./clock.js";
import { askToken } from "./dialogs.js";
import { button, h, put, setAttribute, setText } from "./dom.js";
import { framesView } from "./frames.js";
import { lineView } from "./line.js";
import { logView } from "./log.js";
import { clearNotices, notice, say } from "./notices.js";
import { resultsView } from "./results.js";
import { listen, showShortcuts } from "./shortcuts.js";
import { station } from "./station.js";
import { plain } from "./text.js";
import { HICCUP_MS } from "./verdict.js";
import { themeSwitch } from "./theme.js";

/**
 * Views by their route; each fills a place and gives back how it is left.
 * @type {Record<string, [string, (place: HTMLElement, route: any) => any]>}
 */
const VIEWS = {
  line: ["Line", lineView],
  algorithms: ["Algorithms", algorithmsView],
  results: ["Results", resultsView],
  charts: ["Charts", chartsView],
  log: ["Log", logView],
  frames: ["Frames", framesView],
};

const place = document.getElementById("content");
let view = "";
let leave = () => {};
let keys = {};

/** Takes the address apart: `#/results/12?pid=A01`. */
function route() {
  const [path, search = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  const [name, ...rest] = path.split("/");
  return {
    name: Object.hasOwn(VIEWS, name) ? name : "line",
    rest: rest.map(decode).filter(Boolean),
    query: new URLSearchParams(search),
    go,
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** Goes to an address of the page; `quietly` only notes where we are, so that it can be kept and shared. */
function go(hash, quietly = false) {
  if (quietly) history.replaceState(null, "", hash);
  else if (location.hash === hash) show();
  else location.hash = hash;
}

function show() {
  // Skipping to the content is no view.
  if (location.hash === "#content") {
    history.replaceState(null, "", `#/${view || "line"}`);
    place.focus();
    return;
  }
  const to = route();
  for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  leave();
  put(place);
  place.className = "";
  const moved = view !== "" && view !== to.name;
  view = to.name;
  const [title, make] = VIEWS[view];
  document.title = `${title} · ProcVision station`;
  for (const link of document.getElementById("views").querySelectorAll("a"))
    setAttribute(link, "aria-current", link.dataset.view === view ? "page" : null);
  const made = make(place, to);
  leave = typeof made === "function" ? made : made.end;
  keys = typeof made === "function" ? {} : made.keys;
  if (moved) {
    clearNotices();
    window.scrollTo(0, 0);
    place.focus({ preventScroll: true });
  }
}

function navigation() {
  put(
    document.getElementById("views"),
    Object.entries(VIEWS).map(([name, [title]]) =>
      h("li", {}, h("a", { href: `#/${name}`, "data-view": name }, title)),
    ),
  );
}

const colours = themeSwitch();

function tools() {
  const role = station.facts?.role;
  put(
    document.getElementById("tools"),
    role && h("span", { class: "role", title: "What you may do here" }, plain(role, 20)),
    token()
      ? button("Sign out", () => {
          setToken(null);
          location.reload();
        })
      : ((role && role !== "manage") || tokenMissing()) && button("Sign in", () => signIn(false)),
    colours,
    button("?", showShortcuts, { class: "icon", "aria-label": "Keys", title: "Keys" }),
  );
}

function signIn(hadOne) {
  return askToken(hadOne, (given) => {
    setToken(given);
    station.stream.retryNow();
  });
}

let heard = "";

/** Speaks of a connection that is lost or back: once, and not each second that is counted down. */
function announce(state) {
  if (heard === "live" && state === "lost") say("connection", "The connection to the station is lost.");
  if (heard === "lost" && state === "live") say("connection", "The connection to the station is back.");
  if (state !== "connecting") heard = state;
}

/** Says whether what is shown is current. */
function connection() {
  const element = document.getElementById("connection");
  const { state, retryAt, why } = station.connection;
  setAttribute(element, "data-state", state);
  setAttribute(document.documentElement, "data-connection", state);
  stale();
  announce(state);
  if (state === "live") {
    const off = difference();
    setText(
      element,
      Math.abs(off) > 30_000
        ? `Live · this clock is ${spanText(Math.abs(off))} ${off < 0 ? "ahead" : "behind"}`
        : "Live",
    );
    element.removeAttribute("title");
    return;
  }
  const wait = Math.max(0, Math.ceil(((retryAt ?? 0) - Date.now()) / 1000));
  setText(
    element,
    state === "connecting"
      ? "Connecting …"
      : wait > 1
        ? `No connection · again in ${wait} s`
        : "No connection · trying …",
  );
  setAttribute(element, "title", why);
}

/** Says above every view that it is not of now; the line says it itself, larger. */
function stale() {
  const { state, since } = station.connection;
  const element = document.getElementById("stale");
  const span = Date.now() - since;
  const lost = state === "lost" && span > HICCUP_MS && view !== "line";
  setAttribute(element, "hidden", !lost);
  if (lost)
    setText(element, `Not current: there has been no connection to the station since ${timeText(now() - span)}.`);
}

function names() {
  const facts = station.facts;
  const shown = facts ? `${plain(facts.name, 40)} ${plain(facts.version, 20)}` : "";
  const element = document.getElementById("station-name");
  setText(element, facts?.name === "procvision" ? plain(facts.version, 20) : shown);
  setAttribute(element, "title", facts ? `Store: ${plain(facts.store, 200)}` : null);
}

/**
 * Shows that the page itself lives. The cover over the page appears by itself, drawn by the browser's compositor, when
 * nobody restarts its delay: a page that hangs cannot show an old verdict as if it were current.
 */
function beat() {
  const cover = document.getElementById("watchdog");
  let odd = false;
  const restart = () => {
    odd = !odd;
    cover.className = `watchdog ${odd ? "odd" : "even"}`;
  };
  restart();
  setInterval(restart, 2000);
}

function handle(key) {
  const names = Object.keys(VIEWS);
  if (/^[1-6]$/.test(key)) go(`#/${names[Number(key) - 1]}`);
  else if (key === "?") showShortcuts();
  else if (key === "t") colours.click();
  else if (key === "r") station.stream.retryNow();
  else if (key === "/") {
    const first = place.querySelector("input, select");
    if (!(first instanceof HTMLElement)) return false;
    first.focus();
  } else if (view === "line" && key === "Escape" && route().rest[0]) go("#/line");
  else if (view === "line" && (key === "[" || key === "]")) {
    const pids = [...station.seats.keys()].sort();
    if (pids.length === 0) return false;
    const at = pids.indexOf(route().rest[0]);
    const next = key === "]" ? (at + 1) % pids.length : at < 0 ? pids.length - 1 : (at + pids.length - 1) % pids.length;
    go(`#/line/${encodeURIComponent(pids[next])}`);
  } else if (Object.hasOwn(keys, key)) keys[key]();
  else return false;
  return true;
}

let faults = 0;
function fault(event) {
  // Without an error it is only the browser that has put off telling of a size.
  if (event instanceof ErrorEvent && !event.error) return;
  // One is enough to know that the page is not to be trusted any more; more would fill the screen.
  faults += 1;
  if (faults === 1) notice("This page has a fault. Reload it; what it shows may not be current.", "bad");
  console.error(event.reason ?? event.error ?? event.message);
}

window.addEventListener("error", fault);
window.addEventListener("unhandledrejection", fault);
window.addEventListener("hashchange", show);
onUnauthorized((hadOne) => signIn(hadOne));
navigation();
tools();
listen(handle);
station.on(["station"], () => {
  names();
  tools();
});
station.on(["connection"], () => {
  connection();
  tools();
});
setInterval(connection, 1000);
connection();
watchAlarms();
beat();
show();
station.start();
