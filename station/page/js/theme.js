/**
 * Dark or light: as the system wants it, unless somebody has chosen here.
 */

import { button, setAttribute } from "./dom.js";

const KEY = "procvision-theme";
const NEXT = { auto: "light", light: "dark", dark: "auto" };
const SIGN = { auto: "◐", light: "☀", dark: "☾" };
const NAME = { auto: "as the system", light: "light", dark: "dark" };

function chosen() {
  const value = localStorage.getItem(KEY);
  return value !== null && value in NEXT ? value : "auto";
}

function show(element) {
  const value = chosen();
  setAttribute(document.documentElement, "data-theme", value === "auto" ? null : value);
  if (!element) return;
  element.textContent = SIGN[value];
  const label = `Colours: ${NAME[value]}. Change to ${NAME[NEXT[value]]}`;
  element.setAttribute("aria-label", label);
  element.title = label;
}

/** A switch of three positions. */
export function themeSwitch() {
  const element = button(
    "",
    () => {
      const next = NEXT[chosen()];
      if (next === "auto") localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, next);
      show(element);
    },
    { class: "icon", id: "theme" },
  );
  show(element);
  return element;
}
