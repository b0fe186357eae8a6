/**
 * The line: every seat at once, or one alone on a wall.
 */

import { tokenMissing } from "./api.js";
import { drawSoon, h, put } from "./dom.js";
import { SeatCard } from "./seat.js";
import { station } from "./station.js";
import { bdi } from "./text.js";

/** Ages are counted and old verdicts taken down this often. */
const TICK_MS = 500;

/**
 * @param {HTMLElement} place
 * @param {{ rest: string[] }} route with the product model that is shown alone, if there is one
 */
export function lineView(place, { rest }) {
  const alone = rest[0] ?? null;
  /** @type {Map<string, SeatCard>} */
  const cards = new Map();
  const grid = h("div", { class: "seats" });
  const note = h("div", { class: "empty-note" });
  put(place, h("h1", { class: "unseen" }, alone ? "One seat of the line" : "Line"), grid, note);
  place.classList.add("fills");

  const arrange = () => {
    const wanted = [...station.seats.keys()].filter((pid) => alone === null || pid === alone).sort();
    for (const [pid, card] of cards) {
      if (wanted.includes(pid)) continue;
      card.element.remove();
      card.close();
      cards.delete(pid);
    }
    wanted.forEach((pid, index) => {
      if (!cards.has(pid)) cards.set(pid, new SeatCard(pid, alone !== null));
      const { element } = cards.get(pid);
      if (grid.children[index] !== element) grid.insertBefore(element, grid.children[index] ?? null);
    });
    // A station with one seat shows it as large as one that was asked for alone.
    grid.classList.toggle("alone", wanted.length === 1);
    for (const card of cards.values()) card.element.classList.toggle("large", wanted.length === 1);
    put(note, wanted.length === 0 && nothing(alone));
  };
  const update = () => cards.forEach((card) => card.update());
  const drawAll = () => {
    arrange();
    update();
  };
  const updateSoon = drawSoon(update);
  const arrangeSoon = drawSoon(drawAll);
  const ends = [station.on(["results"], updateSoon), station.on(["seats", "station", "connection"], arrangeSoon)];
  const timer = setInterval(update, TICK_MS);
  drawAll();
  return () => {
    clearInterval(timer);
    ends.forEach((end) => end());
    cards.forEach((card) => card.close());
    place.classList.remove("fills");
  };
}

function nothing(alone) {
  if (!station.known) {
    if (tokenMissing()) return h("p", {}, "The station wants a token. Sign in above.");
    return h("p", {}, station.connection.state === "lost" ? "The station does not answer." : "Asking the station …");
  }
  if (alone !== null)
    return [
      h("p", {}, "Nothing judges ", bdi(alone, 60), " at this station. "),
      h("p", {}, h("a", { href: "#/line" }, "Show all seats")),
    ];
  return [
    h("p", { class: "big" }, "No product model has an algorithm yet."),
    h("p", {}, "Install a package and activate it under ", h("a", { href: "#/algorithms" }, "Algorithms"), "."),
  ];
}
