/**
 * One seat as the operator sees it: verdict first, then why, the picture with its rects, and what came before.
 */

import { start } from "./actions.js";
import { now, spanText, time, timeText, tookText } from "./clock.js";
import { button, h, put, setAttribute, setText } from "./dom.js";
import { say } from "./notices.js";
import { labelOf, Overlay, rectsOf } from "./overlay.js";
import { shape } from "./shapes.js";
import { station } from "./station.js";
import { bdi, plain } from "./text.js";
import { face, kindOf, sentence, word, WORDS } from "./verdict.js";

/** Verdicts of the strip. */
const STRIP = 30;

/** How workers' states are told. */
export const STATES = {
  executing: "judging",
  ready: "ready",
  starting: "starting",
  waiting: "restarting",
  alarmed: "alarmed",
  stopped: "stopped",
};

/** Marks of the strip: each kind has its height and its sign, so that they differ without colour. */
const SIGNS = { OK: "", NG: "✕", NOT_READY: "!", FAILED: "?" };

export class SeatCard {
  #kind = "";
  #stripOf = "";
  #overlay = new Overlay();
  #name;
  #release = h("span", { class: "release" });
  #state = h("span", { class: "state" });
  #word = h("p", { class: "word" });
  #shape = h("span", { class: "mark-of" });
  #why = h("p", { class: "why" });
  #face;
  #help = h("p", { class: "help" });
  #steps = h("ol", { class: "steps", "aria-label": "Steps of this inspection" });
  #rects = h("ol", { class: "rects", "aria-label": "What was found" });
  #rectsOf = undefined;
  #stepsOf = "";
  #stepped = false;
  #age = h("span", { class: "age" });
  // Links stay the same elements whatever they lead to: whoever has the focus on one keeps it.
  #resultLink = h("a", {});
  #resultText = h("span", {});
  #facts = h("p", { class: "facts", hidden: true }, this.#resultLink, this.#resultText);
  #strip = h("a", { class: "strip" });
  #ngAge = h("span", {});
  #ngLink = h("a", {}, shape("NG"), h("b", {}, "Last NG"), " ", this.#ngAge);
  #ngWhy = h("span", {});
  #lastNg = h("p", { class: "last-ng", hidden: true }, this.#ngLink, " ", this.#ngWhy);
  #lastNgOf = undefined;

  /**
   * @param {string} pid
   * @param {boolean} alone whether only this seat was asked for
   */
  constructor(pid, alone) {
    this.pid = pid;
    const id = `seat-${encodeURIComponent(pid)}`;
    this.#name = h(
      "h2",
      { id },
      h(
        "a",
        {
          href: alone ? "#/line" : `#/line/${encodeURIComponent(pid)}`,
          title: alone ? "Show all seats" : "Show this seat alone",
        },
        bdi(pid, 40),
      ),
    );
    this.#face = h(
      "div",
      { class: "face" },
      h("div", { class: "verdict" }, this.#shape, this.#word),
      this.#why,
      this.#help,
    );
    this.#strip.href = `#/results?pid=${encodeURIComponent(pid)}`;
    this.element = h(
      "article",
      { class: "seat", "aria-labelledby": id },
      h("header", { class: "seat-head" }, this.#name, this.#release, this.#state),
      this.#face,
      h("div", { class: "shown" }, this.#overlay.element, this.#age),
      h(
        "div",
        { class: "below" },
        this.#steps,
        h("div", { class: "note" }, this.#rects, this.#lastNg),
        this.#facts,
        this.#strip,
      ),
    );
  }

  close() {
    this.#overlay.close();
  }

  /** Shows what holds now. */
  update() {
    const seat = station.seats.get(this.pid);
    if (!seat) return;
    const results = station.results.get(this.pid) ?? [];
    const at = now();
    const shown = face(seat, results, station.connection, at);
    this.#head(seat);
    this.#verdict(shown);
    this.#below(shown, results, at);
  }

  #head(seat) {
    const release = `${plain(seat.name, 60)} ${plain(seat.version, 30)}`;
    setText(this.#release, release);
    setAttribute(this.#release, "title", release);
    const offline = station.connection.state !== "live";
    const restarts = seat.workers.reduce((sum, worker) => sum + (Number(worker.restarts) || 0), 0);
    const waiting = Number(seat.queue?.waiting) || 0;
    const parts = [offline ? "unknown" : (STATES[seat.state] ?? plain(seat.state, 20))];
    if (!offline && waiting > 0) parts.push(`${waiting} of ${Number(seat.queue.bound) || "?"} waiting`);
    if (!offline && restarts > 0) parts.push(restarts === 1 ? "1 restart" : `${restarts} restarts`);
    setText(this.#state, parts.join(" · "));
    setAttribute(this.#state, "data-state", offline ? "unknown" : seat.state);
  }

  #verdict({ kind, why, current }) {
    setAttribute(this.element, "data-current", current ? "yes" : "no");
    setText(this.#why, why);
    if (kind === this.#kind) return;
    const first = this.#kind === "";
    this.#kind = kind;
    setAttribute(this.element, "data-kind", kind);
    put(this.#shape, shape(kind));
    put(
      this.#word,
      (WORDS[kind] ?? WORDS.FAILED).map((line) => h("span", {}, line, " ")),
    );
    put(
      this.#help,
      kind === "ALARM" || kind === "STOPPED"
        ? station.may("operate") && button("Start it", () => start(this.pid))
        : null,
    );
    if (!first) say(this.pid, `${plain(this.pid, 40)}: ${word(kind)}. ${plain(why, 160)}`);
  }

  #below({ result, steps, current }, results, at) {
    this.#overlay.show(result);
    setText(
      this.#age,
      result
        ? current
          ? spanText(at - Number(result.at_ms)) + " ago"
          : `not current: picture of ${timeText(Number(result.at_ms))}`
        : "",
    );
    // Once there was a second step the row stays, so that nothing jumps when the next inspection begins.
    this.#stepped ||= steps.length > 1;
    const signature = JSON.stringify(steps.map(({ step, kind, times }) => [step, kind, times]));
    if (signature !== this.#stepsOf) {
      this.#stepsOf = signature;
      setAttribute(this.#steps, "hidden", !this.#stepped);
      put(
        this.#steps,
        steps.map(({ step, kind, times }) =>
          h(
            "li",
            { "data-kind": kind },
            shape(kind),
            `step ${plain(step, 6)} `,
            h("b", {}, word(kind)),
            times > 1 && ` (asked ${times} times)`,
          ),
        ),
      );
    }
    const key = current ? result?.id : null;
    if (key !== this.#rectsOf) {
      this.#rectsOf = key;
      const rects = current ? rectsOf(result) : [];
      setAttribute(this.#rects, "hidden", rects.length === 0);
      put(
        this.#rects,
        rects.slice(0, 20).map((rect) => h("li", {}, bdi(labelOf(rect, 60, kindOf(result) !== "NOT_READY")))),
      );
      this.#recorded(result);
    }
    this.#history(results, result);
  }

  #recorded(result) {
    setAttribute(this.#facts, "hidden", !result);
    if (!result) return;
    setAttribute(this.#resultLink, "href", `#/results/${encodeURIComponent(result.id)}`);
    setText(this.#resultLink, `Result ${plain(result.id, 20)}`);
    put(
      this.#resultText,
      " · ",
      time(Number(result.at_ms)),
      ` · took ${tookText(result.took_us)}`,
      Number(result.waited_us) > 1e5 && ` after waiting ${tookText(result.waited_us)}`,
      Number(result.attempts) > 1 && ` · ${plain(result.attempts, 6)} attempts`,
    );
  }

  #history(results, shown) {
    const judged = results.filter((result) => kindOf(result) !== "READY");
    const key = judged.length > 0 ? `${judged[0].id}/${judged.length}` : "";
    if (key !== this.#stripOf) {
      this.#stripOf = key;
      const latest = judged.slice(0, STRIP).reverse();
      put(
        this.#strip,
        latest.map((result) => h("i", { "data-kind": kindOf(result) }, SIGNS[kindOf(result)])),
      );
      const bad = latest.filter((result) => kindOf(result) !== "OK").length;
      setAttribute(
        this.#strip,
        "aria-label",
        `Last ${latest.length} answers of ${plain(this.pid, 40)}: ${latest.length - bad} OK, ${bad} others. Results`,
      );
      setAttribute(this.#strip, "hidden", latest.length === 0);
    }
    const ng = judged.find((result) => kindOf(result) === "NG");
    // There is room for one of the two: what was found now, or what was found last.
    const old = ng && ng.id !== shown?.id && this.#rects.hidden ? ng : null;
    setAttribute(this.#lastNg, "hidden", !old);
    if (!old) return;
    setText(this.#ngAge, `${spanText(now() - Number(old.at_ms))} ago`);
    if (this.#lastNgOf === old.id) return;
    this.#lastNgOf = old.id;
    setAttribute(this.#ngLink, "href", `#/results/${encodeURIComponent(old.id)}`);
    put(this.#ngWhy, bdi(sentence(old, 80)));
  }
}
