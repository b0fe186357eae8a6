/**
 * The bar of alarms that hold, above every view: what is wrong, and the one thing that helps.
 */

import { start } from "./actions.js";
import { time } from "./clock.js";
import { button, h, put } from "./dom.js";
import { cry } from "./notices.js";
import { shape } from "./shapes.js";
import { station } from "./station.js";
import { bdi, plain } from "./text.js";

/** Alarms that have a row of their own. */
const ROWS = 4;

const cried = new Set();

export function watchAlarms() {
  const place = document.getElementById("alarms");
  let drawn = "";
  const draw = () => {
    const alarms = station.standing();
    for (const alarm of alarms) {
      const key = alarm.key ?? `${alarm.kind}/${alarm.at_ms}`;
      if (cried.has(key)) continue;
      cried.add(key);
      cry(`Alarm${alarm.pid ? `, ${plain(alarm.pid, 40)}` : ""}: ${plain(alarm.message, 200)}`);
    }
    for (const key of cried) {
      if (!alarms.some((alarm) => (alarm.key ?? `${alarm.kind}/${alarm.at_ms}`) === key)) cried.delete(key);
    }
    // Drawn again only if something is different, so that the focus stays where it is.
    const rows = alarms.slice(0, ROWS);
    const signature = JSON.stringify([
      rows.map((alarm) => [alarm.key, alarm.at_ms, alarm.message]),
      alarms.length,
      station.may("operate"),
      live(),
    ]);
    if (signature === drawn) return;
    drawn = signature;
    put(
      place,
      alarms.length > 0 &&
        h(
          "section",
          { class: "alarms", "aria-label": "Alarms" },
          rows.map(row),
          alarms.length > ROWS && h("p", {}, `and ${alarms.length - ROWS} more`),
        ),
    );
  };
  station.on(["alarms", "seats", "station", "connection"], draw);
  draw();
}

/** Whether what is known of alarms is of now. */
function live() {
  return station.connection.state === "live";
}

function row(alarm) {
  const about = alarm.pid
    ? [
        h("b", {}, bdi(alarm.pid, 40)),
        alarm.worker !== undefined && alarm.worker !== null ? [" worker ", bdi(alarm.worker, 30)] : null,
        ": ",
      ]
    : null;
  const since = Number.isFinite(alarm.at_ms) ? h("span", { class: "soft" }, " since ", time(alarm.at_ms)) : null;
  return h(
    "div",
    { class: "alarm" },
    shape("ALARM"),
    h(
      "p",
      {},
      about,
      bdi(alarm.message ?? alarm.kind ?? "alarm", 240),
      since,
      !live() && h("b", {}, " · before the connection was lost"),
    ),
    live() && alarm.pid && station.may("operate") && station.seats.has(alarm.pid)
      ? button("Start it again", () => start(alarm.pid))
      : alarm.told && button("Put away", () => station.putAway(alarm)),
  );
}
