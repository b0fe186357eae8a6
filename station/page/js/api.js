/**
 * Asks the station. Knows the token, tells failures apart by type, and is the only place that makes addresses.
 */

import { learn } from "./clock.js";

const TOKEN = "procvision-token";

/** How long an answer may take: reading, and what starts or compiles something. */
const READ_MS = 30_000;
const CHANGE_MS = 600_000;

/** Why the station did not do what it was asked. */
export class ApiError extends Error {
  /**
   * @param {number} status of HTTP, or 0 if there was no answer
   * @param {string} code the station's word for it
   * @param {string} message
   * @param {string} [help] what to do
   */
  constructor(status, code, message, help) {
    super(message);
    this.status = status;
    this.code = code;
    this.help = help;
  }
}

export function token() {
  return sessionStorage.getItem(TOKEN);
}

/** Keeps a token for as long as this tab is open. */
export function setToken(value) {
  declined = false;
  if (value) sessionStorage.setItem(TOKEN, value);
  else sessionStorage.removeItem(TOKEN);
}

/** Asks for a token; set by whoever can show a prompt. Resolves to whether there is a new one. */
let askForToken = async (_hadOne) => false;
let asking = null;
/** Whether somebody was asked and had none; then nobody is asked again until there is one. */
let declined = false;

/** Whether the station wants a token and nobody has given one. */
export function tokenMissing() {
  return declined;
}

export function onUnauthorized(ask) {
  askForToken = ask;
}

function newToken(used) {
  // Another request has been answered with 401 meanwhile, and its prompt has brought a token.
  if (token() !== used) return Promise.resolve(true);
  if (declined) return Promise.resolve(false);
  asking ??= askForToken(used !== null)
    .then((given) => {
      declined = !given;
      return given;
    })
    .finally(() => {
      asking = null;
    });
  return asking;
}

/**
 * An address of the station.
 * @param {string[]} segments of the path; names from packages among them
 * @param {Record<string, string | number | boolean | null | undefined>} [query]
 */
export function address(segments, query = {}) {
  for (const segment of segments) {
    // Browsers resolve these, even encoded: such a name would lead to another address.
    if (/^(\.|%2e)*$/i.test(segment)) throw new ApiError(0, "bad-name", "this name cannot be part of an address");
  }
  const url = new URL(segments.map((segment) => encodeURIComponent(segment)).join("/"), document.baseURI);
  url.hash = "";
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(key, String(value));
  }
  return url.href;
}

function headers(more = {}) {
  const held = token();
  return held ? { ...more, Authorization: `Bearer ${held}` } : more;
}

/** What an answer that is not a success says. */
function failure(status, text) {
  let error = null;
  try {
    error = JSON.parse(text).error;
  } catch {
    error = null;
  }
  const message = typeof error?.message === "string" ? error.message : `the station answered with status ${status}`;
  const help = typeof error?.help === "string" ? error.help : undefined;
  return new ApiError(status, typeof error?.code === "string" ? error.code : String(status), message, help);
}

const NO_ANSWER = new ApiError(
  0,
  "no-answer",
  "The station does not answer.",
  "Look whether it runs and can be reached.",
);

/**
 * @typedef {{ body?: BodyInit, type?: string, signal?: AbortSignal, limit?: number }} Options `limit` in milliseconds
 * @param {string} method
 * @param {string} url
 * @param {Options} options
 */
async function request(method, url, { body, type, signal, limit } = {}) {
  for (;;) {
    const used = token();
    const deadline = AbortSignal.timeout(limit ?? (method === "GET" ? READ_MS : CHANGE_MS));
    let response;
    try {
      response = await fetch(url, {
        method,
        body,
        headers: headers(type ? { "Content-Type": type } : {}),
        cache: "no-store",
        credentials: "omit",
        redirect: "error",
        referrerPolicy: "no-referrer",
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
      });
    } catch (error) {
      if (signal?.aborted) throw error;
      throw NO_ANSWER;
    }
    learn(response.headers.get("Date"));
    if (response.ok) return response;
    const refused = failure(response.status, await response.text().catch(() => ""));
    if (response.status !== 401 || !(await newToken(used))) throw refused;
  }
}

/**
 * Reads JSON.
 * @param {string[]} segments
 * @param {Record<string, any>} [query]
 * @param {Options} [options]
 */
export async function get(segments, query, options) {
  const response = await request("GET", address(segments, query), options);
  return decoded(response);
}

async function decoded(response) {
  try {
    return await response.json();
  } catch {
    throw new ApiError(response.status, "bad-answer", "The station's answer cannot be read.");
  }
}

/** Changes something; the answer is JSON or nothing. */
export async function send(method, segments, body, query) {
  const response = await request(method, address(segments, query), {
    body: body === undefined ? undefined : JSON.stringify(body),
    type: body === undefined ? undefined : "application/json",
  });
  const text = await response.text();
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(response.status, "bad-answer", "The station's answer cannot be read.");
  }
}

/**
 * Reads a picture or a file.
 * @param {string[]} segments
 * @param {Record<string, any>} [query]
 * @param {Options} [options]
 */
export async function blob(segments, query, options) {
  const response = await request("GET", address(segments, query), options);
  try {
    return await response.blob();
  } catch (error) {
    if (options?.signal?.aborted) throw error;
    throw NO_ANSWER;
  }
}

/** Opens a stream; the caller reads its body. */
export function open(segments, more, signal) {
  return fetch(address(segments), {
    headers: headers({ Accept: "text/event-stream", ...more }),
    cache: "no-store",
    credentials: "omit",
    redirect: "error",
    referrerPolicy: "no-referrer",
    signal,
  });
}

/** Asks for a token because a stream was answered with 401. */
export function renewToken() {
  return newToken(token());
}

/**
 * Sends files, and says how far it is. `fetch` cannot say that, so this is an XMLHttpRequest.
 * @param {string[]} segments
 * @param {FormData} form
 * @param {(share: number) => void} progress from 0 to 1
 * @param {AbortSignal} signal
 * @returns {Promise<any>}
 */
export function upload(segments, form, progress, signal) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.open("POST", address(segments));
    for (const [name, value] of Object.entries(headers())) sending.setRequestHeader(name, value);
    sending.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) progress(event.loaded / event.total);
    });
    sending.upload.addEventListener("load", () => progress(1));
    sending.addEventListener("error", () => reject(NO_ANSWER));
    sending.addEventListener("abort", () => reject(new ApiError(0, "broken-off", "The transfer was broken off.")));
    sending.addEventListener("load", () => {
      if (sending.status < 200 || sending.status > 299) {
        const refused = failure(sending.status, sending.responseText);
        if (sending.status !== 401) reject(refused);
        else
          renewToken().then((renewed) => {
            if (renewed) upload(segments, form, progress, signal).then(resolve, reject);
            else reject(refused);
          });
        return;
      }
      try {
        resolve(JSON.parse(sending.responseText));
      } catch {
        reject(new ApiError(sending.status, "bad-answer", "The station's answer cannot be read."));
      }
    });
    signal.addEventListener("abort", () => sending.abort());
    sending.send(form);
  });
}
