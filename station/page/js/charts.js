/**
 * Charts: yield, throughput and latency over time, of one product model or of all.
 */

import { get } from "./api.js";
import { Chart } from "./chart.js";
import { now, tookText } from "./clock.js";
import { problem } from "./dialogs.js";
import { field, h, put, select, setOptions } from "./dom.js";
import { station } from "./station.js";
import { list, number, plain } from "./text.js";

/** Spans with their name and the width of a bucket. */
const SPANS = {
  "15m": ["15 minutes", 15 * 60e3, 15e3],
  "1h": ["1 hour", 3600e3, 60e3],
  "8h": ["8 hours", 8 * 3600e3, 300e3],
  "24h": ["24 hours", 24 * 3600e3, 900e3],
  "7d": ["7 days", 7 * 86400e3, 2 * 3600e3],
};
/** Charts are read again this often. */
const AGAIN_MS = 10_000;

export function chartsView(place, { query, go }) {
  let span = query.get("span") in SPANS ? query.get("span") : "15m";
  let pid = query.get("pid") ?? "";
  let asked = 0;
  const yields = new Chart();
  const flow = new Chart();
  const latency = new Chart();
  const tiles = h("dl", { class: "tiles" });
  const said = h("div", {});
  const charts = h("div", { class: "charts" }, yields.element, flow.element, latency.element);
  const pids = () => [
    ["", "all product models"],
    ...[...station.seats.keys()].sort().map((one) => [one, plain(one, 40)]),
  ];
  const changed = () => {
    go(`#/charts?${new URLSearchParams({ span, ...(pid ? { pid } : {}) })}`, true);
    load();
  };
  const choice = select(pids(), pid, (value) => {
    pid = value;
    changed();
  });
  put(
    place,
    h("h1", {}, "Charts"),
    h(
      "div",
      { class: "filters" },
      field("Product model", choice),
      field(
        "Span",
        select(
          Object.entries(SPANS).map(([key, [name]]) => [key, String(name)]),
          span,
          (value) => {
            span = value;
            changed();
          },
        ),
      ),
    ),
    said,
    tiles,
    charts,
  );
  const load = async () => {
    asked += 1;
    const mine = asked;
    const [, spanMs, bucketMs] = SPANS[span];
    const until = Math.ceil(now() / bucketMs) * bucketMs;
    const since = until - spanMs;
    try {
      const answer = await get(["statistics"], { pid, since_ms: since, until_ms: until, bucket_ms: bucketMs });
      if (mine !== asked) return;
      put(said);
      draw(list(answer.buckets), since, until, bucketMs);
    } catch (error) {
      if (mine === asked) put(said, h("p", { class: "problem" }, "What is shown is not current."), problem(error));
    }
  };
  const draw = (buckets, since, until, bucketMs) => {
    const of = new Map(buckets.map((bucket) => [Math.floor(Number(bucket.t_ms) / bucketMs), bucket]));
    const times = [];
    for (let time = since; time < until; time += bucketMs) times.push(time);
    const all = times.map((time) => of.get(Math.floor(time / bucketMs)) ?? null);
    const value = (key) => all.map((bucket) => (bucket ? Number(bucket[key]) || 0 : null));
    const judged = (bucket) => Number(bucket.ok) + Number(bucket.ng);
    const share = all.map((bucket) =>
      bucket && judged(bucket) > 0 ? (100 * Number(bucket.ok)) / judged(bucket) : null,
    );
    const low = Math.min(100, ...share.filter((one) => one !== null));
    const seconds = bucketMs / 1000;
    const each = seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`;
    yields.show({
      title: "Yield",
      kind: "lines",
      times,
      bucketMs,
      series: [{ name: "OK of all that have a verdict", class: "yield", values: share }],
      format: (one) => `${number(Math.round(one * 10) / 10)} %`,
      top: 100,
      bottom: low > 90 ? 90 : low > 50 ? 50 : 0,
    });
    flow.show({
      title: `Throughput in ${each}`,
      kind: "bars",
      times,
      bucketMs,
      series: [
        { name: "OK", class: "ok", values: value("ok") },
        { name: "NG", class: "ng", values: value("ng") },
        { name: "failed or not ready", class: "failed", values: value("failed") },
      ],
      format: (one) => number(one),
    });
    const measured = (key) =>
      all.map((bucket) => (bucket && Number.isFinite(bucket[key]) && bucket[key] !== null ? bucket[key] : null));
    latency.show({
      title: "Latency of a question",
      kind: "lines",
      times,
      bucketMs,
      series: [
        { name: "median", class: "p50", values: measured("p50_us") },
        { name: "99 of 100 are faster than", class: "p99", values: measured("p99_us") },
      ],
      format: tookText,
    });
    const sum = (key) => buckets.reduce((total, bucket) => total + (Number(bucket[key]) || 0), 0);
    const ok = sum("ok");
    const ng = sum("ng");
    put(
      tiles,
      [
        ["Judged", number(ok + ng), ""],
        ["Yield", ok + ng > 0 ? `${((100 * ok) / (ok + ng)).toFixed(1)} %` : "–", ""],
        ["NG", number(ng), "ng"],
        ["Failed or not ready", number(sum("failed")), sum("failed") > 0 ? "failed" : ""],
      ].map(([label, text, mood]) => h("div", { class: `tile ${mood}` }, h("dt", {}, label), h("dd", {}, text))),
    );
  };
  load();
  const timer = setInterval(() => {
    if (!document.hidden) load();
  }, AGAIN_MS);
  const end = station.on(["seats"], () => setOptions(choice, pids(), pid));
  return () => {
    clearInterval(timer);
    end();
    [yields, flow, latency].forEach((chart) => chart.close());
  };
}
