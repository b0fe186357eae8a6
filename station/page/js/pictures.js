/**
 * Pictures of results: fetched with the token, shown as blob addresses, and given back when they are not needed.
 */

import { blob } from "./api.js";

/** Pictures that are kept. */
const KEPT = 60;

/** @type {Map<string, Promise<string | null>>} by the result's id; what was used last is last */
const pictures = new Map();

/** Whether there is a picture of a result. */
export function hasPicture(result) {
  return Boolean(result && (result.has_thumbnail || result.url));
}

/**
 * The address of a result's picture, or null if it cannot be had. The address stays good while it is among the last
 * that were asked for.
 */
export function picture(result) {
  const key = String(result.id);
  const known = pictures.get(key);
  if (known) {
    pictures.delete(key);
    pictures.set(key, known);
    return known;
  }
  const coming = blob(["results", key, "thumbnail"]).then(
    // What the bytes are is decided here: a picture, whatever the answer calls itself.
    (bytes) =>
      URL.createObjectURL(new Blob([bytes], { type: bytes.type === "image/png" ? "image/png" : "image/jpeg" })),
    () => {
      pictures.delete(key);
      return null;
    },
  );
  pictures.set(key, coming);
  if (pictures.size > KEPT) {
    const [oldest, dropped] = pictures.entries().next().value;
    pictures.delete(oldest);
    dropped.then((address) => address && URL.revokeObjectURL(address));
  }
  return coming;
}
