/**
 * Draws charts over time as SVG: lines with gaps where nothing was measured, and stacked bars. A crosshair follows the
 * pointer and the arrow keys; the table below each chart says the same for those who cannot see it.
 */

import { axisText, timeText } from "./clock.js";
import { h, put, s, setText } from "./dom.js";
import { table } from "./table.js";

const RIGHT = 12;
/** The room of letters beside and below, in their heights. */
const LEFT_EM = 5;
const BOTTOM_EM = 1.9;
const TOP = 12;

/**
 * @typedef {{ name: string, class: string, values: Array<number | null> }} Series
 * @typedef {{ title: string, kind: "lines" | "bars", times: number[], bucketMs: number, series: Series[],
 *   format: (value: number) => string, top?: number, bottom?: number, note?: string }} ChartData
 */
export class Chart {
  #data = null;
  #place;
  #read = h("p", { class: "readout" });
  #svg = s("svg", { class: "chart", role: "img", tabindex: "0" });
  #cross = s("line", { class: "cross", y1: TOP, visibility: "hidden" });
  /** Sizes in pixels of the screen, so that letters are as large here as elsewhere. */
  #size = { width: 600, height: 240, left: 60, floor: 210 };
  #table = h("details", { class: "as-table" });
  #title = h("h2", {});
  #legend = h("p", { class: "legend" });
  #at = -1;

  constructor() {
    this.#svg.addEventListener("pointermove", (event) => this.#point(event));
    this.#svg.addEventListener("pointerleave", () => this.#select(-1));
    this.#svg.addEventListener("blur", () => this.#select(-1));
    this.#svg.addEventListener("keydown", (event) => this.#key(event));
    this.observer = new ResizeObserver(() => this.#measure());
    this.observer.observe(this.#svg);
    this.#place = h("div", { class: "chart-place" }, this.#svg);
    this.element = h(
      "section",
      { class: "chart-box" },
      h("div", { class: "chart-head" }, this.#title, this.#legend, this.#read),
      this.#place,
      this.#table,
    );
  }

  /** Ends the observation. */
  close() {
    this.observer.disconnect();
  }

  #measure() {
    const { width, height } = this.#svg.getBoundingClientRect();
    if (width === 0 || (width === this.#size.width && height === this.#size.height)) return;
    const em = 0.8 * (Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16);
    this.#size = { width, height, left: Math.min(LEFT_EM * em, width / 4), floor: height - BOTTOM_EM * em };
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#cross.setAttribute("y2", String(this.#size.floor));
    if (this.#data) this.#draw();
  }

  /** @param {ChartData} data */
  show(data) {
    this.#data = data;
    setText(this.#title, data.title);
    put(
      this.#legend,
      data.series.map((series) => h("span", {}, swatch(series.class, data.kind), series.name)),
    );
    this.#draw();
    this.#fillTable();
  }

  #draw() {
    const data = this.#data;
    const top = data.top ?? nice(Math.max(data.kind === "bars" ? 4 : 0, ...this.#totals()));
    const bottom = data.bottom ?? 0;
    const { floor } = this.#size;
    const y = (value) => floor - ((value - bottom) / (top - bottom || 1)) * (floor - TOP);
    put(
      this.#svg,
      s("title", {}, this.#summary()),
      this.#grid(top, bottom, y),
      data.kind === "bars" ? this.#bars(y) : this.#lines(y),
      this.#cross,
    );
    this.#select(Math.min(this.#at, data.times.length - 1));
  }

  #totals() {
    const { kind, series, times } = this.#data;
    if (kind === "bars") return times.map((_, index) => series.reduce((sum, one) => sum + (one.values[index] ?? 0), 0));
    return series.flatMap((one) => one.values.filter((value) => value !== null));
  }

  #span() {
    const { times, bucketMs } = this.#data;
    const from = times[0] ?? 0;
    return { from, to: (times[times.length - 1] ?? 1) + bucketMs };
  }

  #x(time) {
    const { from, to } = this.#span();
    const { width, left } = this.#size;
    return left + ((time - from) / (to - from)) * (width - left - RIGHT);
  }

  #middle(index) {
    return this.#x(this.#data.times[index] + this.#data.bucketMs / 2);
  }

  #grid(top, bottom, y) {
    const { format } = this.#data;
    const { from, to } = this.#span();
    const rows = [0, 0.25, 0.5, 0.75, 1].map((share) => bottom + (top - bottom) * share);
    const { width, height, left } = this.#size;
    const parts = width > 480 ? 5 : 3;
    const columns = Array.from({ length: parts + 1 }, (_, index) => from + ((to - from) * index) / parts);
    return s(
      "g",
      { class: "grid" },
      rows.map((value) => [
        s("line", { x1: left, x2: width - RIGHT, y1: y(value), y2: y(value) }),
        s("text", { x: left - 8, y: y(value) + 4, "text-anchor": "end" }, format(value)),
      ]),
      columns.map((time, index) =>
        s(
          "text",
          {
            x: this.#x(time),
            y: height - 5,
            "text-anchor": index === 0 ? "start" : index === parts ? "end" : "middle",
          },
          axisText(time, to - from),
        ),
      ),
    );
  }

  #bars(y) {
    const { times, bucketMs, series } = this.#data;
    return times.map((time, index) => {
      const x = this.#x(time);
      const width = Math.max(0.5, this.#x(time + bucketMs) - x - 1);
      let below = 0;
      return series.map((one) => {
        const value = one.values[index] ?? 0;
        const from = below;
        below += value;
        return (
          value > 0 &&
          s("rect", { class: `filled ${one.class}`, x, width, y: y(below), height: Math.max(0.8, y(from) - y(below)) })
        );
      });
    });
  }

  #lines(y) {
    const { series } = this.#data;
    return series.map((one) => {
      let d = "";
      let pen = false;
      const alone = [];
      one.values.forEach((value, index) => {
        if (value === null) {
          pen = false;
          return;
        }
        d += `${pen ? "L" : "M"}${this.#middle(index).toFixed(1)} ${y(value).toFixed(1)}`;
        const neighbour = (one.values[index - 1] ?? null) !== null || (one.values[index + 1] ?? null) !== null;
        if (!neighbour)
          alone.push(s("circle", { class: `dot ${one.class}`, cx: this.#middle(index), cy: y(value), r: 2.5 }));
        pen = true;
      });
      return [s("path", { class: `stroke ${one.class}`, d }), alone];
    });
  }

  #summary() {
    const { title, series, format, times } = this.#data;
    const latest = (one) => one.values.findLast((value) => value !== null);
    const words = series.map(
      (one) => `${one.name} ${latest(one) === undefined ? "not measured" : format(latest(one))}`,
    );
    const lately = `${title}, ${times.length} points; lately: ${words.join(", ")}.`;
    return `${lately} Left and right arrow keys read single points.`;
  }

  #point(event) {
    const box = this.#svg.getBoundingClientRect();
    if (!this.#data) return;
    const { width, left } = this.#size;
    const { from, to } = this.#span();
    const time = from + ((event.clientX - box.left - left) / (width - left - RIGHT)) * (to - from);
    const index = Math.floor((time - from) / this.#data.bucketMs);
    this.#select(index >= 0 && index < this.#data.times.length ? index : -1);
  }

  #key(event) {
    if (!this.#data) return;
    const last = this.#data.times.length - 1;
    const to = {
      ArrowLeft: this.#at < 0 ? last : Math.max(0, this.#at - 1),
      ArrowRight: this.#at < 0 ? last : Math.min(last, this.#at + 1),
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    this.#select(to);
  }

  #select(index) {
    this.#at = index;
    if (!this.#data) return;
    const { series, format, times } = this.#data;
    if (index < 0 || times.length === 0) {
      this.#cross.setAttribute("visibility", "hidden");
      setText(this.#read, this.#data.note ?? "");
      return;
    }
    const x = this.#middle(index);
    this.#cross.setAttribute("x1", String(x));
    this.#cross.setAttribute("x2", String(x));
    this.#cross.setAttribute("visibility", "visible");
    const words = series.map((one) => `${one.name} ${one.values[index] === null ? "–" : format(one.values[index])}`);
    setText(this.#read, `${timeText(times[index])}: ${words.join(", ")}`);
  }

  #fillTable() {
    const { title, series, format, times } = this.#data;
    const shown = (one, index) => (one.values[index] === null ? "–" : format(one.values[index]));
    const row = (time, index) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, timeText(time)),
        series.map((one) => h("td", { class: "number" }, shown(one, index))),
      );
    const names = series.map((one) => one.name);
    const rows = () => table(title, ["From", ...names], times.map(row).reverse(), { numbers: names });
    const summary = this.#table.querySelector("summary") ?? h("summary", {}, "As a table");
    this.#table.ontoggle = () => put(this.#table, summary, this.#table.open && rows());
    put(this.#table, summary, this.#table.open && rows());
  }
}

function swatch(name, kind) {
  return s(
    "svg",
    { class: "swatch", viewBox: "0 0 22 10", "aria-hidden": "true" },
    kind === "bars"
      ? s("rect", { class: `filled ${name}`, width: 22, height: 10 })
      : s("path", { class: `stroke ${name}`, d: "M0 5H22" }),
  );
}

/** The next number above a value whose quarters are round. */
function nice(value) {
  if (!(value > 0)) return 1;
  const ten = 10 ** Math.floor(Math.log10(value));
  return [1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 12].map((factor) => factor * ten).find((step) => step >= value) ?? value;
}
