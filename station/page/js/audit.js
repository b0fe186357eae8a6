/**
 * The audit page of a package, as the station makes it, in a frame that can run nothing.
 *
 * The page carries its style inside, which the policy of this page would refuse, and a frame cannot send a token. So it
 * is fetched here; its style is taken out of the text and put back as a style sheet object, which the policy allows.
 * Scripts stay impossible twice: the frame's sandbox has none, and the policy has none that are inline.
 */

import { blob } from "./api.js";
import { openDialog, problem } from "./dialogs.js";
import { button, h, put } from "./dom.js";
import { plain } from "./text.js";

/** Pages that are larger are not shown, only saved. */
const MOST_BYTES = 8 * 1024 * 1024;

/** The station's page escapes quotes of everything that a package says: these are always its own attributes. */
const STYLE = /<style>([^<]*)<\/style>/g;

export function openAudit(name, version) {
  const title = `Audit of ${plain(name, 60)} ${plain(version, 40)}`;
  return openDialog(
    title,
    () => {
      const place = h("div", { class: "audit" }, h("p", { class: "busy" }, "The station inspects the package …"));
      load(name, version, title, place);
      return [place];
    },
    { class: "full" },
  );
}

async function load(name, version, title, place) {
  try {
    const file = await blob(["algorithms", name, version, "audit"], {}, { limit: 120_000 });
    const save = button("Save as a file", () => saveFile(file, `audit-${plain(name, 60)}-${plain(version, 40)}.html`));
    if (file.size > MOST_BYTES) {
      put(place, h("p", {}, "The page is too large to be shown here."), save);
      return;
    }
    const frame = page(await file.text(), title);
    put(place, frame, h("div", { class: "actions" }, save));
  } catch (error) {
    put(place, problem(error));
  }
}

function page(text, title) {
  const sheets = [];
  const bare = text
    .replace(STYLE, (_whole, css) => {
      sheets.push(css);
      return "";
    })
    .replaceAll(' style="', ' data-style="');
  const frame = h("iframe", { title, sandbox: "allow-same-origin", referrerpolicy: "no-referrer" });
  frame.addEventListener("load", () => {
    const inside = frame.contentDocument;
    const Sheet = inside?.defaultView?.CSSStyleSheet;
    if (!inside || !Sheet) return;
    inside.adoptedStyleSheets = sheets.map((css) => {
      const sheet = new Sheet();
      sheet.replaceSync(css);
      return sheet;
    });
    for (const element of inside.querySelectorAll("[data-style]")) {
      // The only thing that the page sets in place: the length of a bar.
      const width = /^\s*width:\s*([0-9.]+%)\s*;?\s*$/.exec(element.getAttribute("data-style") ?? "");
      // An element of another document is no HTMLElement of this one.
      const bar = /** @type {HTMLElement} */ (element);
      if (width) bar.style.width = width[1];
    }
  });
  // The one place where a text becomes a document: one that can run nothing and fetch nothing.
  frame.srcdoc = bare;
  return frame;
}

/** Gives a file to whoever sits here. */
export function saveFile(file, name) {
  const address = URL.createObjectURL(new Blob([file], { type: "application/octet-stream" }));
  const link = h("a", { href: address, download: name.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 120) });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
