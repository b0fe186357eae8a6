/**
 * What a result means to people: one word, one shape, one sentence. Decides also what a seat may show now: an old
 * verdict is never shown as if it were of the product that lies there.
 */

import { counted, list, plain } from "./text.js";
import { spanText, timeText } from "./clock.js";

/**
 * @typedef {"OK" | "NG" | "NOT_READY" | "FAILED" | "READY" | "JUDGING" | "WAITING" | "OFFLINE" | "ALARM" | "STOPPED"
 *   | "STARTING"} Kind
 */

/** Each kind in words, as lines where it is written large. */
export const WORDS = {
  OK: ["OK"],
  NG: ["NG"],
  NOT_READY: ["NOT", "READY"],
  FAILED: ["FAILED"],
  READY: ["READY"],
  JUDGING: ["JUDGING"],
  WAITING: ["WAITING"],
  OFFLINE: ["OFFLINE"],
  ALARM: ["ALARM"],
  STOPPED: ["STOPPED"],
  STARTING: ["STARTING"],
};

/** Each kind as a word in a line. */
export function word(kind) {
  return (WORDS[kind] ?? WORDS.FAILED).join(" ");
}

/** What the codes of a failed step say. */
const CODES = {
  1000: "the request or the answer breaks the contract",
  1001: "the algorithm does not judge this product model",
  1002: "the picture is missing or cannot be used",
  1003: "a model or template is missing",
  1004: "the algorithm ran out of memory",
  1005: "the algorithm took too long",
  1006: "a parameter is wrong",
  1007: "a rect lies outside the picture",
  1009: "the algorithm crashed",
  1010: "the algorithm printed where it must not",
  9999: "unknown error",
};

/**
 * What a single result says. Conditions that are not right are an answer of `pre_execute` without an error code;
 * everything that is neither of the known words counts as a failure.
 * @returns {Kind}
 */
export function kindOf(result) {
  const { phase, outcome } = result;
  if (outcome === "NOT_READY") return "NOT_READY";
  if (phase === "pre_execute") {
    if (outcome === "OK") return "READY";
    if (outcome === "NG") return "NOT_READY";
    return outcome === "FAILED" && !result.error_code ? "NOT_READY" : "FAILED";
  }
  return outcome === "OK" || outcome === "NG" ? outcome : "FAILED";
}

/** Why, in one sentence. */
export function sentence(result, most = 200) {
  const message = plain(result.message, most).trim();
  const defects = list(result.defects).length;
  switch (kindOf(result)) {
    case "OK":
      return message || "Nothing was found.";
    case "NG":
      return plain(result.ng_reason, most).trim() || message || counted(defects, "defect");
    case "READY":
      return message || "The conditions are right.";
    case "NOT_READY":
      return message ? `Not judged: ${message}` : "Not judged: the conditions are not right.";
    default: {
      // What the algorithm says comes last: it may be written from right to left, and turn round what follows.
      const number = result.error_code ? ` (${plain(result.error_code, 20)})` : "";
      const known = `${CODES[result.error_code] ?? "it failed"}${number}`;
      return `Not judged: ${known}${message ? `: ${message}` : ""}`;
    }
  }
}

/** The gravest comes first: a product that is known to be bad stays so whatever else failed. */
const GRAVITY = ["NG", "FAILED", "NOT_READY", "JUDGING", "OK"];

/** A question is this long unanswered before a seat says that it judges, so that quick ones do not flicker. */
const QUICK_MS = 700;
/** A lost connection is this long lost before verdicts go, so that a hiccup does not make the wall blink. */
export const HICCUP_MS = 1500;
/** How long a verdict is current: some times the usual pause between two, within these bounds. */
const PAUSES = 5;
const LEAST_MS = 10_000;
const MOST_MS = 60_000;
const UNKNOWN_MS = 30_000;

/**
 * How long a verdict of this seat is current.
 * @param {any[]} results the newest first
 */
export function currentFor(results) {
  const times = results.filter((result) => result.phase !== "pre_execute").map((result) => Number(result.at_ms));
  const pauses = [];
  for (let index = 1; index < times.length; index += 1) pauses.push(times[index - 1] - times[index]);
  if (pauses.length < 3) return UNKNOWN_MS;
  pauses.sort((one, other) => one - other);
  const usual = pauses[Math.floor(pauses.length / 2)];
  return Math.min(MOST_MS, Math.max(LEAST_MS, usual * PAUSES));
}

/**
 * The steps of the inspection that the newest result belongs to, each with its latest answer.
 * @param {any[]} results the newest first
 */
export function stepsOf(results) {
  const steps = new Map();
  for (const result of results) {
    if (result.inspection !== results[0].inspection) continue;
    const kind = kindOf(result);
    const known = steps.get(result.step_index);
    if (known) known.times += result.phase === "execute" ? 1 : 0;
    else {
      const times = result.phase === "execute" ? 1 : 0;
      steps.set(result.step_index, {
        step: result.step_index,
        kind: kind === "READY" ? "JUDGING" : kind,
        result,
        times,
      });
    }
  }
  return [...steps.values()].sort((one, other) => one.step - other.step);
}

function worst(steps) {
  const rank = (step) => GRAVITY.indexOf(step.kind);
  return steps.reduce((one, other) => {
    if (rank(other) !== rank(one)) return rank(other) < rank(one) ? other : one;
    return Number(other.result.id) > Number(one.result.id) ? other : one;
  });
}

/** The latest whole verdict. */
function judged(results) {
  const steps = stepsOf(results);
  return { steps, ...worst(steps) };
}

/**
 * What a seat shows.
 * @param {import("./station.js").Seat} seat
 * @param {any[]} results the newest first
 * @param {import("./stream.js").Connection} connection
 * @param {number} nowMs the station's time
 * @returns {{ kind: Kind, why: string, result: any, steps: any[], current: boolean }} `result` is the one whose picture
 *   is shown, or null; if it is not `current`, it is shown as the last one
 */
export function face(seat, results, connection, nowMs) {
  let shown = results.length > 0 ? judged(results) : null;
  if (shown?.kind === "JUDGING" && nowMs - Number(shown.result.at_ms) < QUICK_MS) {
    const before = results.filter((result) => result.inspection !== shown.result.inspection);
    if (before.length > 0) shown = judged(before);
  }
  const result = shown?.result ?? null;
  const steps = shown?.steps ?? [];
  const last =
    result && shown.kind !== "JUDGING" ? ` Last: ${word(shown.kind)} at ${timeText(Number(result.at_ms))}.` : "";
  const not = (kind, why) => ({ kind, why: why + last, result, steps: [], current: false });

  if (connection.state !== "live" && Date.now() - connection.since > HICCUP_MS) {
    const since = timeText(nowMs - (Date.now() - connection.since));
    return not("OFFLINE", `No connection to the station since ${since}. What it judges now is not known here.`);
  }
  const failure = seat.workers.map((worker) => worker.last_failure).find(Boolean);
  if (seat.state === "alarmed") {
    return not(
      "ALARM",
      `Nothing is judged until somebody starts it: ${plain(failure ?? "it failed again and again", 120)}.`,
    );
  }
  if (seat.state === "stopped") return not("STOPPED", "Nothing is judged: somebody stopped it.");
  const age = result ? nowMs - Number(result.at_ms) : Infinity;
  if (result && age <= currentFor(results)) {
    const why = shown.kind === "JUDGING" ? "The conditions are right; the verdict is not there yet." : sentence(result);
    return { kind: shown.kind, why, result, steps, current: true };
  }
  if (seat.state === "starting") return not("STARTING", "The algorithm is being started.");
  if (seat.state === "waiting") return not("STARTING", `It ended and is started again: ${plain(failure ?? "", 120)}`);
  if (!result) return not("WAITING", "Nothing has been judged yet.");
  return not("WAITING", `Nothing has been judged for ${spanText(age)}.`);
}
