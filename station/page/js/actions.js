/**
 * Everything that changes the station, each with a question that says what will happen.
 */

import { send } from "./api.js";
import { confirm } from "./dialogs.js";
import { h, select } from "./dom.js";
import { told } from "./notices.js";
import { station } from "./station.js";
import { bdi, inWords, list, plain } from "./text.js";

/** A release in words. */
function release(name, version) {
  return `${plain(name, 60)} ${plain(version, 40)}`;
}

function names(pids) {
  return inWords(pids.map((pid) => plain(pid, 40)));
}

function p(...children) {
  return h("p", {}, ...children);
}

async function ask(question, done) {
  const answer = await confirm(question);
  if (answer === undefined) return;
  told(done(answer), answer);
  station.refreshNow();
}

/** Starts the workers of a seat; clears an alarm. */
export function start(pid) {
  const seat = station.seats.get(pid);
  const what = seat ? release(seat.name, seat.version) : "the algorithm";
  return ask(
    {
      title: `Start ${plain(pid, 40)}?`,
      label: "Start",
      says: [
        p(
          "The workers of ",
          h("b", {}, bdi(pid, 40)),
          ` are started with ${what}. It judges again as soon as it is warm.`,
        ),
        seat?.state === "alarmed" &&
          p("The alarm is cleared. If what caused it is still there, it comes back after three failures."),
      ],
      act: () => send("POST", ["algorithms", "start"], { pid }),
    },
    () => `${plain(pid, 40)} is being started.`,
  );
}

/** Stops the workers of a seat. */
export function stop(pid) {
  const seat = station.seats.get(pid);
  return ask(
    {
      title: `Stop ${plain(pid, 40)}?`,
      label: "Stop judging",
      grave: true,
      says: [
        p(
          h("b", {}, "From now on nothing judges ", bdi(pid, 40), "."),
          " Running calls are ended; whoever asks is told that the algorithm is stopped.",
        ),
        p(`${seat ? release(seat.name, seat.version) : "The version"} stays active for it, and Start brings it back.`),
      ],
      act: () => send("POST", ["algorithms", "stop"], { pid }),
    },
    () => `${plain(pid, 40)} is stopped.`,
  );
}

/** Moves product models to another version of their algorithm, or to another algorithm that supports them. */
export function switchTo(pid) {
  const seat = station.seats.get(pid);
  if (!seat) return undefined;
  const others = station.algorithms.filter(
    (one) =>
      list(one.supported_pids).includes(pid) &&
      !(one.name === seat.name && one.version === seat.version) &&
      usable(one),
  );
  if (others.length === 0) {
    return confirm({
      title: `Nothing to switch ${plain(pid, 40)} to`,
      label: "Understood",
      only: true,
      says: [p("No other installed version supports ", h("b", {}, bdi(pid, 40)), ". Install one first.")],
      act: async () => ({}),
    });
  }
  let chosen = 0;
  const picks = h("fieldset", {});
  const draw = () => {
    const to = others[chosen];
    const movable = [...station.seats.values()].filter(
      (one) => list(to.supported_pids).includes(one.pid) && !(one.name === to.name && one.version === to.version),
    );
    picks.replaceChildren(
      h("legend", {}, "Product models that move"),
      ...movable.map((one) => check(one.pid, one.pid === pid, `now ${release(one.name, one.version)}`)),
    );
  };
  draw();
  const choice = select(
    others.map((one, index) => [String(index), release(one.name, one.version)]),
    "0",
    (value) => {
      chosen = Number(value);
      draw();
    },
    { name: "version" },
  );
  return ask(
    {
      title: `Switch ${plain(pid, 40)} to another version`,
      label: "Switch",
      busy: "The new version is being started and tried; the old one judges meanwhile …",
      says: [
        h("div", { class: "field" }, h("label", {}, "Version ", choice)),
        picks,
        p(
          "The new version is started and replays its golden cases first. It takes over at the next inspection; calls ",
          "that run are finished by the old one. If anything fails, the old one goes on. Rollback undoes it.",
        ),
      ],
      ready: () => (checked(picks).length === 0 ? "Choose at least one product model." : null),
      act: () =>
        send("POST", ["algorithms", "switch"], {
          name: others[chosen].name,
          version: others[chosen].version,
          pids: checked(picks),
        }),
    },
    () => `${names(checked(picks))}: from now on judged by ${release(others[chosen].name, others[chosen].version)}.`,
  );
}

/** Gives a product model back what judged it before. */
export function rollback(pid) {
  const seat = station.seats.get(pid);
  const before = list(seat?.previous)[0];
  return ask(
    {
      title: `Roll ${plain(pid, 40)} back?`,
      label: "Roll back",
      busy: "The former version is being started; the present one judges meanwhile …",
      says: [
        p(
          h("b", {}, bdi(pid, 40)),
          ` gets back ${before ? release(before.name, before.version) : "the version"} that judged it before `,
          `${seat ? release(seat.name, seat.version) : "this one"}.`,
        ),
        p("That version is started first and takes over at the next inspection. Done again, it goes further back."),
      ],
      act: () => send("POST", ["algorithms", "rollback"], { pid }),
    },
    (answer) => {
      const back = list(answer.releases)[0];
      return `${plain(pid, 40)} is judged by ${back ? release(back.name, back.version) : "its former version"} again.`;
    },
  );
}

/** Leaves a product model without an algorithm. */
export function deactivate(pid) {
  const seat = station.seats.get(pid);
  return ask(
    {
      title: `Deactivate ${plain(pid, 40)}?`,
      label: "Deactivate",
      grave: true,
      says: [
        p(
          h("b", {}, "Nothing will judge ", bdi(pid, 40), ": "),
          "inspections of it are refused, and its seat disappears.",
        ),
        p(
          seat ? release(seat.name, seat.version) : "The version",
          " stays installed. Rollback or Activate brings it back.",
        ),
      ],
      act: () => send("POST", ["algorithms", "deactivate"], { pid }),
    },
    () => `Nothing judges ${plain(pid, 40)} any more.`,
  );
}

/** Whether a version can be given product models. */
export function usable(algorithm) {
  return algorithm.state !== "invalid" && algorithm.state !== "stopped";
}

/** Gives a version product models that nothing judges. */
export function activate(algorithm) {
  const free = list(algorithm.supported_pids).filter((pid) => !station.seats.has(pid));
  const picks = h(
    "fieldset",
    {},
    h("legend", {}, "Product models"),
    free.map((pid) => check(pid, true)),
  );
  return ask(
    {
      title: `Activate ${release(algorithm.name, algorithm.version)}`,
      label: "Activate",
      busy: "The version is being started, and its golden cases are replayed …",
      says: [
        picks,
        p(
          "The version is started and replays its golden cases. If all come out as they must, it judges these product ",
          "models from then on; else nothing changes.",
        ),
      ],
      ready: () => (checked(picks).length === 0 ? "Choose at least one product model." : null),
      act: () =>
        send("POST", ["algorithms", "activate"], {
          name: algorithm.name,
          version: algorithm.version,
          pids: checked(picks),
        }),
    },
    () => `${release(algorithm.name, algorithm.version)} judges ${names(checked(picks))}.`,
  );
}

/** Takes a version out of the store. */
export function uninstall(algorithm) {
  const pids = list(algorithm.pids);
  const force = h("input", { type: "checkbox", name: "force" });
  const active = pids.length > 0;
  return ask(
    {
      title: `Uninstall ${release(algorithm.name, algorithm.version)}?`,
      label: "Uninstall",
      grave: true,
      busy: "The station waits for calls that run, then removes the version …",
      says: [
        p(
          "The version and its package file are removed from the station. ",
          "To have it again, it must be installed again.",
        ),
        active &&
          p(h("b", {}, `It judges ${names(pids)} now.`), " The station refuses to remove it, unless it is forced."),
        active &&
          h(
            "label",
            { class: "check" },
            force,
            h(
              "span",
              {},
              h("b", {}, "Force: "),
              `wait for running calls, then leave ${names(pids)} without an algorithm`,
            ),
          ),
      ],
      ready: () =>
        active && !force.checked
          ? "It is active. Switch its product models to another version first, or force it."
          : null,
      act: () =>
        send("DELETE", ["algorithms", algorithm.name, algorithm.version], undefined, {
          force: force.checked ? "true" : null,
        }),
    },
    () => `${release(algorithm.name, algorithm.version)} is removed.`,
  );
}

/** Starts or stops the automatic trigger of a line. */
export function setLine(name, running) {
  const shown = plain(name, 60);
  return ask(
    {
      title: running ? `Start the line ${shown}?` : `Stop the line ${shown}?`,
      label: running ? "Start" : "Stop",
      grave: !running,
      says: [
        running
          ? p("From now on every new picture of its source is an inspection.")
          : p(
              h("b", {}, "New pictures are not judged any more"),
              " until the line is started again. What has begun is finished.",
            ),
      ],
      act: () => send("POST", ["lines", name, running ? "start" : "stop"]),
    },
    () => `The line ${shown} is ${running ? "started" : "stopped"}.`,
  );
}

function check(value, on, note = "") {
  const input = h("input", { type: "checkbox", name: "pid", checked: on });
  // The value is kept as a property: it is whatever a package says.
  input.value = value;
  return h(
    "label",
    { class: "check" },
    input,
    h("span", {}, bdi(value, 60), note && h("span", { class: "soft" }, ` ${note}`)),
  );
}

function checked(fieldset) {
  return [...fieldset.querySelectorAll("input:checked")].map((input) => input.value);
}
