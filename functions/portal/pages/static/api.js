// The portal's API as the pages use it: one call, and errors as they are shown. The session is a cookie that no script sees.

const BASE = "/portal";

/** An answer other than success: a sentence, and sentences by field. */
export class ApiError extends Error {
  constructor(status, body) {
    super(reason(body) ?? said(status));
    this.status = status;
    this.body = body ?? {};
    // QNSP gives the reason of each field as details; those of a caller who may not are about no field.
    this.fields = status === 403 ? {} : flat(body?.fields ?? body?.details);
  }
}

function reason(body) {
  const addOn = body?.details?.addOn;
  if (addOn) return `The tenant does not have the add-on ${addOn}.`;
  return typeof body?.message === "string" ? sentence(body.message) : null;
}

const said = (status) =>
  status === 0 ? "The portal could not be reached. Please check the connection and try again."
  : status === 429 ? "Too many attempts. Please wait a while and try again."
  : status >= 500 ? "Something went wrong on our side. Please try again in a while."
  : "That did not work. Please try again.";

/** Fields may be nested, as those of `meta` are; a page names them by their last part. */
function flat(fields, found = {}) {
  for (const [name, value] of Object.entries(fields ?? {})) {
    if (value && typeof value === "object") flat(value, found);
    else if (typeof value === "string") found[name] = sentence(value);
  }
  return found;
}

function sentence(text) {
  if (text === "required field missing") return "Please fill this in.";
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

export async function call(method, path, body, headers = {}) {
  const answer = await answered(BASE + path, { ...request(method, body, headers), credentials: "same-origin" });
  return json(await answer.text());
}

/** What `fetch` is given for a request with a body that is JSON, or with none. */
export const request = (method, body, headers) => ({
  method,
  headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
  body: body === undefined ? undefined : JSON.stringify(body),
});

/** An answer that is no JSON says nothing that could be shown. */
export function json(text) {
  try {
    return text === "" ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** Sends a request, without a cookie unless told otherwise, and gives the answer before its body has come. */
export async function answered(path, init) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "omit", cache: "no-store", ...init });
  } catch (error) {
    // Whoever stops waiting knows why.
    throw error.name === "AbortError" ? error : new ApiError(0);
  }
  if (!answer.ok) throw new ApiError(answer.status, json(await answer.text()));
  return answer;
}

/** A module that is loaded when it is needed. One that does not come is like an answer that does not. */
export const loaded = (load) => load().catch((error) => {
  throw error instanceof TypeError ? new ApiError(0) : error;
});

/** All pages of a list. */
export async function all(path) {
  const rows = [];
  let offset = null;
  do {
    const url = new URLSearchParams({ size: "1000", ...(offset === null ? {} : { offset }) });
    const page = await call("GET", `${path}${path.includes("?") ? "&" : "?"}${url}`);
    rows.push(...(page?.data ?? []));
    offset = page?.next ? new URL(page.next, location.origin).searchParams.get("offset") : null;
  } while (offset !== null);
  return rows;
}

export const logIn = (email, password) => {
  const bytes = new TextEncoder().encode(`${email}:${password}`);
  return call("GET", "/auth", undefined, { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` });
};
