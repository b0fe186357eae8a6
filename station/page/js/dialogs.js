/**
 * Windows over the page: what asks before something is changed, for the token, and what lists the shortcuts. The
 * browser's own `dialog` keeps the focus inside and gives it back.
 */

import { button, freshId, h, put } from "./dom.js";
import { plain } from "./text.js";

/** What is said when the station refuses. */
export function problem(error) {
  const message = error instanceof Error ? error.message : String(error);
  return h(
    "div",
    { class: "problem", role: "alert" },
    h(
      "p",
      {},
      h("b", {}, "Not done. "),
      h("bdi", {}, plain(message, 1000)),
      error?.code ? [" ", h("code", {}, plain(error.code, 40))] : null,
    ),
    error?.help ? h("p", {}, h("bdi", {}, plain(error.help, 1000))) : null,
  );
}

/**
 * Opens a window.
 * @param {string} title
 * @param {(close: (value?: any) => void) => import("./dom.js").Child[]} content
 * @param {{ class?: string }} [properties]
 * @returns {Promise<any>} what it was closed with; undefined if it was only left
 */
export function openDialog(title, content, properties = {}) {
  const id = freshId("title");
  const dialog = /** @type {HTMLDialogElement} */ (h("dialog", { "aria-labelledby": id, class: properties.class }));
  return new Promise((resolve) => {
    let value;
    const close = (given) => {
      value = given;
      dialog.close();
    };
    const leave = button("✕", () => close(), { class: "leave", "aria-label": "Close" });
    const heading = h("h2", { id, tabindex: "-1" }, title);
    put(dialog, h("div", { class: "head" }, heading, leave), content(close));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(value);
    });
    document.body.append(dialog);
    dialog.showModal();
    // Not on what closes it: on what it asks, or on its title.
    const first =
      dialog.querySelector("[autofocus]") ?? dialog.querySelector("form :is(select, input, button)") ?? heading;
    if (first instanceof HTMLElement) first.focus();
  });
}

/**
 * Asks before something is changed, and changes it. Stays open with the reason if the station refuses.
 * @param {{ title: string, says: import("./dom.js").Child[], act: () => Promise<any>, label: string,
 *   grave?: boolean, only?: boolean, ready?: () => string | null, busy?: string }} question `ready` says what is
 *   missing, or null; with `only` there is nothing to decide
 * @returns {Promise<any>} the station's answer, or undefined if nothing was done
 */
export function confirm({
  title,
  says,
  act,
  label,
  grave = false,
  ready = () => null,
  only = false,
  busy = "The station works …",
}) {
  return openDialog(title, (close) => {
    const said = h("div", { "aria-live": "polite" });
    const go = h("button", { type: "submit", class: grave ? "grave" : "primary" }, label);
    const form = h(
      "form",
      {
        method: "dialog",
        on: {
          submit: async (event) => {
            event.preventDefault();
            const missing = ready();
            if (missing) {
              put(said, h("p", { class: "problem" }, missing));
              return;
            }
            go.disabled = true;
            put(said, h("p", { class: "busy" }, busy));
            try {
              close((await act()) ?? {});
            } catch (error) {
              put(said, problem(error));
              go.disabled = false;
            }
          },
        },
      },
      h("div", { class: "says" }, says),
      said,
      h("div", { class: "actions" }, !only && button("Cancel", () => close(), { autofocus: grave }), go),
    );
    return [form];
  });
}

/**
 * Asks for a token.
 * @param {boolean} hadOne whether there was one that the station does not accept
 * @param {(token: string) => void} keep
 */
export async function askToken(hadOne, keep) {
  const given = await openDialog(
    "This station wants a token",
    (close) => {
      const input = h("input", {
        type: "password",
        autocomplete: "off",
        spellcheck: "false",
        required: true,
        autofocus: true,
        id: "token",
        name: "token",
      });
      const submit = (event) => {
        event.preventDefault();
        const value = input.value.trim();
        // A header cannot carry anything else.
        if (/^[\x21-\x7e]{1,1024}$/.test(value)) close(value);
        else put(wrong, "A token has letters, digits and signs, and no blanks.");
      };
      const wrong = h(
        "p",
        { class: "problem", role: "alert" },
        hadOne ? "The station does not know the token that was given before." : "",
      );
      return [
        h(
          "form",
          { on: { submit } },
          h(
            "p",
            {},
            "Whoever looks after the station hands out tokens. It is kept until this tab is closed, and is sent to ",
            "this station only.",
          ),
          wrong,
          h("div", { class: "field" }, h("label", { for: "token" }, "Token"), input),
          h(
            "div",
            { class: "actions" },
            button("Not now", () => close()),
            h("button", { type: "submit", class: "primary" }, "Use it"),
          ),
        ),
      ];
    },
    { class: "narrow" },
  );
  if (given) keep(given);
  return Boolean(given);
}
