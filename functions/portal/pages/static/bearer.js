// Calls of QNSP with an API key. The key is held in this page only.
import { answered, ApiError, json, request } from "./api.js";
import { held } from "./held.js";

const RECONNECT = 1000;

/** The key, and what is known of its tenant. */
const caller = held();

/** The tenant of the key, its tier and its limits; null without a key. */
export const current = () => caller.value?.tenant ?? null;

export const forget = caller.forget;

/** Takes a key, and asks whose it is. */
export async function open(text) {
  caller.keep({ key: text });
  try {
    const tenant = await call("POST", "/billing/v1/sdk/activate", { sdkId: "chancery-pages", sdkVersion: "1", runtime: "browser" });
    caller.keep({ key: text, tenant });
  } catch (error) {
    forget();
    // This operation refuses in a shape of its own.
    if (error.status !== 401 && error.body?.activated === false) error.message = error.body.error;
    throw error;
  }
}

export async function call(method, path, body) {
  return json(await (await send(path, request(method, body))).text());
}

async function send(path, init) {
  const used = caller.use();
  if (used === null) throw new ApiError(401, { message: "Please give the API key again." });
  try {
    return await answered(path, { ...init, headers: { ...init.headers, authorization: `Bearer ${used.key}` } });
  } catch (error) {
    if (error.status === 401) error.message = "This API key is not known, has expired or was revoked.";
    throw error;
  }
}

/**
 * The events of the tenant after the one with the id `last`, as they are recorded, until `signal` says to stop. The server
 * ends a stream after a while; the next goes on where it ended.
 */
export async function* events(last, signal) {
  while (!signal.aborted) {
    const headers = { accept: "text/event-stream", ...(last ? { "last-event-id": last } : {}) };
    const { body } = await send("/audit/v1/streaming/events", { ...request("GET", undefined, headers), signal });
    for await (const { id, data } of blocks(body)) {
      last = id ?? last;
      if (data !== "") yield JSON.parse(data);
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT));
  }
}

/** The blocks of an event stream. */
async function* blocks(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    for (const part of parts) {
      const lines = part.split("\n");
      const all = (name) => lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).trimStart());
      yield { id: all("id").at(-1), data: all("data").join("\n") };
    }
  }
}
