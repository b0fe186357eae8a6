/**
 * Builds elements. Text is always text: nothing here can turn a string into markup, a handler or a style.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Attributes that could run something or fetch something; they are never set from a list of properties. */
const REFUSED = /^(on|style$|srcdoc$|formaction$)/i;

/**
 * @typedef {Node | string | number | boolean | null | undefined | Child[]} Child what is false or nothing is left out
 * @typedef {{ on?: Record<string, (event: any) => void>, data?: Record<string, string | number>,
 *   [attribute: string]: any }} Properties
 */

function fill(element, properties, children) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
    } else if (name === "data") {
      for (const [key, item] of Object.entries(value)) element.dataset[key] = String(item);
    } else if (REFUSED.test(name)) {
      throw new TypeError(`the attribute ${name} is not set this way`);
    } else {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || typeof child === "boolean") continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/**
 * An HTML element.
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function h(name, properties = {}, ...children) {
  return fill(document.createElement(name), properties, children);
}

/**
 * An SVG element.
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Properties} [properties]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Name]}
 */
export function s(name, properties = {}, ...children) {
  return fill(document.createElementNS(SVG, name), properties, children);
}

/** Replaces what is in an element. */
export function put(element, ...children) {
  element.replaceChildren();
  append(element, children);
  return element;
}

/**
 * Draws a part of a view anew, but only if what it shows is different; the focus stays on the control of the same
 * `data-key`, and selected text stays where nothing has changed.
 * @param {HTMLElement} element
 * @param {unknown} shown everything that decides what is drawn
 * @param {() => Child} content
 */
export function redraw(element, shown, content) {
  const signature = JSON.stringify(shown);
  if (drawn.get(element) === signature) return;
  // A button that is replaced while it is pressed does nothing when it is let go. The next draw shows what is new.
  if (pressed && element.contains(pressed)) return;
  drawn.set(element, signature);
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && element.contains(focused) ? focused.dataset.key : undefined;
  put(element, content());
  const again = key && element.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (again instanceof HTMLElement) again.focus();
}

/** What was drawn last, by element. */
const drawn = new WeakMap();

/** What the mouse or a finger is pressed on. */
let pressed = null;
addEventListener("pointerdown", (event) => {
  pressed = event.target instanceof Node ? event.target : null;
});
for (const end of ["pointerup", "pointercancel"]) {
  // The click comes after that.
  addEventListener(end, () => setTimeout(() => (pressed = null)));
}

/** Sets a text if it is another one, so that nothing is laid out or read out for nothing. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Sets or removes an attribute if it is another one. */
export function setAttribute(element, name, value) {
  if (value === null || value === undefined || value === false) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else if (element.getAttribute(name) !== String(value)) {
    element.setAttribute(name, String(value));
  }
}

/** A button. */
export function button(label, click, properties = {}) {
  return h("button", { type: "button", ...properties, on: { click } }, label);
}

let ids = 0;

/** An id that no other element of the page has. */
export function freshId(prefix) {
  ids += 1;
  return `${prefix}-${ids}`;
}

/** A label with its control. */
export function field(label, control, properties = {}) {
  const id = control.id || freshId("field");
  control.id = id;
  if (!control.getAttribute("name")) control.setAttribute("name", id);
  return h("div", { class: "field", ...properties }, h("label", { for: id }, label), control);
}

/**
 * A drop-down list.
 * @param {string[][]} options value and text
 * @param {string} value
 * @param {(value: string) => void} change
 */
export function select(options, value, change, properties = {}) {
  const element = h("select", { ...properties, on: { change: () => change(element.value) } });
  setOptions(element, options, value);
  return element;
}

/** Gives a drop-down list other options and keeps what is chosen, if it is still there. */
export function setOptions(element, options, value = element.value) {
  const wanted = JSON.stringify(options);
  if (element.dataset.options !== wanted) {
    element.dataset.options = wanted;
    put(
      element,
      options.map(([key, text]) => h("option", { value: key }, text)),
    );
  }
  if (options.some(([key]) => key === value)) element.value = value;
}

/**
 * Calls a function when the browser draws next, but not more often than people can follow: a station that judges a
 * hundred pictures a second does not keep the computer busy that shows it.
 * @param {() => void} draw
 * @param {number} pause in milliseconds
 */
export function drawSoon(draw, pause = 150) {
  let asked = false;
  let last = -Infinity;
  const paint = () => {
    asked = false;
    last = performance.now();
    draw();
  };
  return () => {
    if (asked) return;
    asked = true;
    const wait = last + pause - performance.now();
    if (wait <= 0) requestAnimationFrame(paint);
    else setTimeout(() => requestAnimationFrame(paint), wait);
  };
}
