/**
 * Installing a package that somebody has as a file: checked only, or checked and installed, with how far it is.
 */

import { upload } from "./api.js";
import { problem } from "./dialogs.js";
import { button, field, h, put } from "./dom.js";
import { told } from "./notices.js";
import { station } from "./station.js";
import { table } from "./table.js";
import { bdi, bytes, list, plain } from "./text.js";

export function installForm() {
  const file = h("input", { type: "file", accept: ".zip,application/zip", required: true });
  const signature = h("input", { type: "file", accept: ".minisig" });
  const outcome = h("div", { class: "outcome", "aria-live": "polite" });
  const bar = h("progress", { max: "1", value: "0", "aria-label": "Transfer" });
  const far = h("span", {});
  const cancel = button("Break off", () => abort?.abort());
  const progress = h("div", { class: "progress", hidden: true }, bar, far, cancel);
  const check = button("Check only", () => begin("validate"));
  const go = h("button", { type: "submit", class: "primary" }, "Check and install");
  let abort = null;

  const begin = async (what) => {
    const chosen = file.files[0];
    if (!chosen) {
      put(outcome, h("p", { class: "problem" }, "Choose the package's file first."));
      file.focus();
      return;
    }
    const form = new FormData();
    form.append("package", chosen, chosen.name);
    if (signature.files[0]) form.append("signature", signature.files[0], signature.files[0].name);
    abort = new AbortController();
    put(outcome);
    progress.hidden = false;
    check.disabled = go.disabled = true;
    bar.value = 0;
    const total = chosen.size + (signature.files[0]?.size ?? 0);
    const step = (share) => {
      if (share < 1) {
        bar.value = share;
        put(far, `${Math.round(share * 100)} % of ${bytes(total)}`);
      } else {
        // Nobody knows how long compiling takes.
        bar.removeAttribute("value");
        put(
          far,
          what === "install" ? "The station checks, compiles and tries it …" : "The station checks and tries it …",
        );
      }
    };
    try {
      const answer = await upload(["algorithms", what], form, step, abort.signal);
      if (what === "install") {
        told(
          `${plain(answer.name, 60)} ${plain(answer.version, 40)} is installed. It judges nothing until it is active.`,
          answer,
        );
        put(outcome, installed(answer));
        station.refreshNow();
      } else put(outcome, report(answer));
    } catch (error) {
      put(outcome, problem(error));
    } finally {
      progress.hidden = true;
      check.disabled = go.disabled = false;
      abort = null;
    }
  };

  return h(
    "section",
    { "aria-labelledby": "install-title" },
    h("h2", { id: "install-title" }, "Install a package"),
    h(
      "form",
      {
        class: "install",
        on: {
          submit: (event) => {
            event.preventDefault();
            begin("install");
          },
        },
      },
      field("Package (.zip)", file),
      field("Signature (.minisig), if it is a file of its own", signature),
      h("div", { class: "actions start" }, check, go),
    ),
    h(
      "p",
      { class: "soft" },
      "Checked, compiled and tried inside the sandbox first. Installing changes nothing of what judges now.",
    ),
    progress,
    outcome,
  );
}

function installed(answer) {
  return h(
    "div",
    { class: "done" },
    h(
      "p",
      {},
      h("b", {}, bdi(answer.name, 60), " ", bdi(answer.version, 40)),
      " is installed: ",
      list(answer.supported_pids).map((pid) => [h("span", { class: "chip" }, bdi(pid, 30)), " "]),
    ),
    list(answer.objections).map((objection) =>
      h(
        "p",
        { class: "warn-line" },
        bdi(objection?.message, 400),
        objection?.remedy ? [" – ", bdi(objection.remedy, 400)] : null,
      ),
    ),
    list(answer.warnings).map((warning) => h("p", { class: "warn-line" }, bdi(warning, 400))),
  );
}

const WORST = {
  pass: "A station would accept it.",
  warn: "A station would accept it; somebody should look at the warnings.",
  fail: "A station would refuse it.",
};
const SIGN = { pass: "✓", warn: "!", fail: "✕", not_run: "–" };

function report(answer) {
  const order = ["fail", "warn", "pass", "not_run"];
  const checks = list(answer.checks)
    .slice()
    .sort((one, other) => order.indexOf(one.status) - order.indexOf(other.status));
  const row = (check) =>
    h(
      "tr",
      { class: `check-${plain(check.status, 10)}` },
      h("td", {}, `${SIGN[check.status] ?? ""} ${plain(check.status, 10).replace("_", " ")}`),
      h("th", { scope: "row" }, h("code", {}, plain(check.id, 40))),
      h(
        "td",
        { class: "long" },
        bdi(check.detail, 400),
        check.remedy && h("span", { class: "description" }, bdi(check.remedy, 400)),
      ),
    );
  return h(
    "div",
    { class: "done" },
    h("p", {}, h("b", {}, WORST[answer.status] ?? "The station has looked at it.")),
    table("Checks of the package", ["Result", "Check", "What was found"], checks.map(row)),
  );
}
