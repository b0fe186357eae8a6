/**
 * The station's live events: read with `fetch`, because an EventSource cannot send a token. Comes back by itself, goes
 * on after the last event it has seen, and takes silence for a lost connection.
 */

import { open, renewToken } from "./api.js";

/** Bytes without the end of an event; more is not a station that speaks. */
const MOST_BYTES = 4 * 1024 * 1024;

/** A station says something at least this often, if only that it is there. */
const SILENCE_MS = 20_000;

const FIRST_WAIT_MS = 500;
const LAST_WAIT_MS = 10_000;

/** Takes server-sent events apart, whatever the pieces are that they arrive in. */
export class Parser {
  #rest = "";
  #name = "";
  #data = [];
  #id = null;

  /** The id of the last whole event. */
  lastId = null;

  /**
   * @param {string} piece
   * @returns {Array<{name: string, data: string}>} events that are whole now
   */
  push(piece) {
    const text = this.#rest + piece;
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    if (this.#rest.length + this.#data.reduce((sum, line) => sum + line.length, 0) > MOST_BYTES) {
      throw new Error("an event without an end");
    }
    const events = [];
    for (const line of lines) {
      if (line === "") this.#finish(events);
      else this.#line(line);
    }
    return events;
  }

  #line(line) {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.#name = value;
    else if (name === "data") this.#data.push(value);
    else if (name === "id" && /^[\x21-\x7e]{0,64}$/.test(value)) this.#id = value;
  }

  #finish(events) {
    if (this.#id !== null) this.lastId = this.#id;
    if (this.#data.length > 0) events.push({ name: this.#name || "message", data: this.#data.join("\n") });
    this.#name = "";
    this.#data = [];
  }
}

/**
 * @typedef {{ state: "connecting" | "live" | "lost", since: number, retryAt?: number, why?: string }} Connection
 */
export class Stream {
  #handlers;
  #lastId = null;
  #abort = null;
  #wake = null;
  #wait = FIRST_WAIT_MS;

  /** @type {Connection} */
  connection = { state: "connecting", since: Date.now() };

  /**
   * @param {{ before: () => Promise<boolean>, opened: () => void, event: (name: string, data: any) => void,
   *   changed: (connection: Connection) => void }} handlers `before` is asked before each attempt; it resolves to
   *   whether the station is still the one that the last id came from
   */
  constructor(handlers) {
    this.#handlers = handlers;
    window.addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.retryNow();
    });
  }

  #become(state, more = {}) {
    const since = state === this.connection.state ? this.connection.since : Date.now();
    this.connection = { state, since, ...more };
    this.#handlers.changed(this.connection);
  }

  /** Ends the wait before the next attempt, if there is one. */
  retryNow() {
    this.#wait = FIRST_WAIT_MS;
    this.#wake?.();
  }

  /** Reads for as long as the page is open. */
  async run() {
    for (;;) {
      let why = "The connection ended.";
      try {
        why = await this.#once();
      } catch (error) {
        why = error instanceof Error && error.message ? error.message : "There is no connection.";
      }
      const wait = this.#wait * (0.75 + Math.random() / 2);
      this.#wait = Math.min(this.#wait * 2, LAST_WAIT_MS);
      this.#become("lost", { retryAt: Date.now() + wait, why });
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, wait);
        this.#wake = () => {
          clearTimeout(timer);
          resolve(undefined);
        };
      });
      this.#wake = null;
    }
  }

  async #once() {
    if (!(await this.#handlers.before())) this.#lastId = null;
    this.#abort = new AbortController();
    let silent = false;
    let watch = 0;
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(() => {
        silent = true;
        this.#abort.abort();
      }, SILENCE_MS);
    };
    heard();
    try {
      const resume = this.#lastId === null ? {} : { "Last-Event-ID": this.#lastId };
      const response = await open(["events"], resume, this.#abort.signal);
      if (response.status === 401) {
        await renewToken();
        return "The station wants a token.";
      }
      if (!response.ok || !response.body) return `The station answered with status ${response.status}.`;
      this.#wait = FIRST_WAIT_MS;
      this.#become("live");
      this.#handlers.opened();
      await this.#read(response.body.getReader(), heard);
      return "The station ended the connection.";
    } catch (error) {
      if (silent) return `The station has said nothing for ${SILENCE_MS / 1000} s.`;
      throw new Error(error instanceof TypeError ? "The station does not answer." : error.message);
    } finally {
      clearTimeout(watch);
      this.#abort.abort();
    }
  }

  async #read(reader, heard) {
    const decoder = new TextDecoder();
    const parser = new Parser();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard();
      for (const event of parser.push(decoder.decode(value, { stream: true }))) this.#handle(event);
      if (parser.lastId !== null) this.#lastId = parser.lastId;
    }
  }

  #handle({ name, data }) {
    let value;
    try {
      value = JSON.parse(data);
    } catch {
      return;
    }
    if (value !== null && typeof value === "object") this.#handlers.event(name, value);
  }
}
