/**
 * What is known of the station at this moment: seats, latest results, alarms, log lines. Filled by questions and by
 * live events; the views read it and are told what has changed.
 */

import * as api from "./api.js";
import { now } from "./clock.js";
import { list } from "./text.js";
import { Stream } from "./stream.js";

/** Results that are kept of each seat, for the strip of verdicts. */
const RESULTS = 80;
/** Log lines that are kept for the view of the log. */
const LINES = 5000;
/** Alarms that are kept. */
const ALARMS = 50;
/** Changes that come together are asked for once. */
const GATHER_MS = 250;
/** A state that no event tells is at most this old. */
const REFRESH_MS = 30_000;

/**
 * @typedef {"connection" | "station" | "seats" | "results" | "alarms" | "log" | "store"} Topic
 * @typedef {{ pid: string, name: string, version: string, digest?: string, since_ms?: number, state: string,
 *   kind?: string, workers: any[], queue?: { waiting: number, bound: number },
 *   previous?: Array<{ name: string, version: string }> }} Seat
 */
class Station {
  #listeners = new Map();
  #refresh = 0;
  #refreshing = false;
  #refreshAgain = false;

  /** @type {any} the answer of `/station`, or null before it is known */
  facts = null;
  /** @type {Map<string, Seat>} by product model */
  seats = new Map();
  /** @type {Map<string, any[]>} by product model, the newest first */
  results = new Map();
  /** @type {any[]} installed versions */
  algorithms = [];
  /** @type {any[]} the newest last */
  log = [];
  /** @type {any[]} alarms that came as events, the newest first */
  alarms = [];
  /** Whether seats are known, so that none means none. */
  known = false;
  /** Results that have come as events since the page was opened. */
  seen = 0;

  constructor() {
    this.stream = new Stream({
      before: () => this.#meet(),
      opened: () => this.#opened(),
      event: (name, data) => this.#event(name, data),
      changed: () => this.#tell("connection"),
    });
  }

  /**
   * Calls `listener` after each change of a topic.
   * @param {Topic[]} topics
   * @param {(topic: Topic) => void} listener
   * @returns {() => void} ends it
   */
  on(topics, listener) {
    for (const topic of topics) {
      const set = this.#listeners.get(topic) ?? new Set();
      this.#listeners.set(topic, set.add(listener));
    }
    return () => topics.forEach((topic) => this.#listeners.get(topic)?.delete(listener));
  }

  #tell(topic) {
    for (const listener of this.#listeners.get(topic) ?? []) listener(topic);
  }

  get connection() {
    return this.stream.connection;
  }

  /** Whether the caller may do what needs a role. */
  may(role) {
    const order = ["view", "operate", "manage"];
    return order.indexOf(this.facts?.role ?? "") >= order.indexOf(role);
  }

  start() {
    this.stream.run();
    setInterval(() => {
      if (this.connection.state === "live" && !document.hidden) this.refresh();
    }, REFRESH_MS);
  }

  /** Learns whom we speak with; whether it is the process that we spoke with before. */
  async #meet() {
    const facts = await api.get(["station"]);
    const same = this.facts === null || this.facts.started_ms === facts.started_ms;
    this.facts = facts;
    if (!same) {
      // Another process, perhaps with another store of results: what the former one said is not taken for its word.
      this.results = new Map();
      this.alarms = [];
    }
    this.#tell("station");
    return same;
  }

  async #opened() {
    await this.refreshNow();
    // What happened while nobody listened, and what was judged before the page was opened.
    await Promise.all([...this.seats.keys()].map((pid) => this.#latest(pid)));
    try {
      const { lines } = await api.get(["logs"], { limit: 500 });
      this.log = list(lines);
      this.#tell("log");
    } catch {
      // The view of the log asks again and says what is wrong.
    }
  }

  async #latest(pid) {
    try {
      const { results } = await api.get(["results"], { pid, limit: RESULTS });
      for (const result of list(results).reverse()) this.#add(result);
      this.#tell("results");
    } catch {
      // The seat shows that nothing is known; the connection says the rest.
    }
  }

  /** Asks for seats and installed versions soon, once for all changes that come together. */
  refresh() {
    if (this.#refresh) return;
    this.#refresh = setTimeout(() => {
      this.#refresh = 0;
      this.refreshNow();
    }, GATHER_MS);
  }

  async refreshNow() {
    if (this.#refreshing) {
      this.#refreshAgain = true;
      return;
    }
    this.#refreshing = true;
    try {
      const [{ active }, { algorithms }] = await Promise.all([
        api.get(["algorithms", "active"]),
        api.get(["algorithms"]),
      ]);
      this.seats = new Map();
      for (const seat of list(active)) this.#seat(seat);
      this.algorithms = list(algorithms);
      this.known = true;
      this.#tell("seats");
      this.#tell("store");
      this.#tell("alarms");
    } catch {
      // The connection says what is wrong; what is shown stays, marked as not current.
    } finally {
      this.#refreshing = false;
      if (this.#refreshAgain) {
        this.#refreshAgain = false;
        this.refresh();
      }
    }
  }

  #seat(seat) {
    if (typeof seat?.pid !== "string") return;
    this.seats.set(seat.pid, { ...seat, workers: list(seat.workers) });
  }

  #add(result) {
    if (typeof result?.pid !== "string" || result.id === undefined) return false;
    const of = this.results.get(result.pid) ?? [];
    if (of.some((known) => known.id === result.id)) return false;
    of.push(result);
    of.sort((one, other) => Number(other.id) - Number(one.id));
    of.length = Math.min(of.length, RESULTS);
    this.results.set(result.pid, of);
    return true;
  }

  #event(name, data) {
    switch (name) {
      case "result":
        if (this.#add(data)) {
          this.seen += 1;
          this.#tell("results");
        }
        break;
      case "log":
        this.log.push(data);
        if (this.log.length > LINES) this.log.splice(0, this.log.length - LINES);
        this.#tell("log");
        break;
      case "worker":
        this.#worker(data);
        this.refresh();
        break;
      case "alarm":
        this.alarms.unshift({ at_ms: now(), ...data });
        this.alarms.length = Math.min(this.alarms.length, ALARMS);
        this.#tell("alarms");
        this.refresh();
        break;
      case "seat":
        if (Array.isArray(data.workers)) {
          this.#seat(data);
          this.#tell("seats");
        }
        this.refresh();
        break;
      case "store":
        this.refresh();
        break;
      default:
        // An event that a newer station knows and this page does not.
        break;
    }
  }

  /** Puts the news of one worker where they belong, without waiting for the next question. */
  #worker(data) {
    const seat = this.seats.get(data.pid);
    const worker = seat?.workers.find((candidate) => candidate.id === (data.id ?? data.worker));
    if (!worker) return;
    for (const key of ["process", "state", "since_ms", "restarts", "last_failure"]) {
      if (key in data) worker[key] = data[key];
    }
    seat.state = bestState(seat.workers);
    this.#tell("seats");
    this.#tell("alarms");
  }

  /** Alarms that hold: each alarmed worker, and what was told and nobody has put away. */
  standing() {
    const alarms = [];
    for (const seat of this.seats.values()) {
      for (const worker of seat.workers) {
        if (worker.state !== "alarmed") continue;
        const told = this.alarms.find((alarm) => alarm.pid === seat.pid && alarm.worker === worker.id);
        const message = worker.last_failure ?? told?.message;
        alarms.push({
          key: `${seat.pid}/${worker.id}`,
          pid: seat.pid,
          worker: worker.id,
          at_ms: worker.since_ms,
          message,
        });
      }
    }
    for (const alarm of this.alarms) {
      if (alarm.worker === undefined || alarm.worker === null) alarms.push({ ...alarm, told: alarm });
    }
    return alarms;
  }

  /** Puts an alarm away that is not about a worker. */
  putAway(alarm) {
    this.alarms = this.alarms.filter((candidate) => candidate !== alarm.told);
    this.#tell("alarms");
  }
}

const STATES = ["executing", "ready", "starting", "waiting", "alarmed", "stopped"];

/** The state of the worker that can do most. */
export function bestState(workers) {
  return STATES.find((state) => workers.some((worker) => worker.state === state)) ?? "stopped";
}

export const station = new Station();
