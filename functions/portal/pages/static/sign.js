// Signed requests from the browser: ECDH on P-256, AES-256-GCM with a 16-byte IV. The licence key is encrypted once, when
// it is given, and not kept; the keys that were agreed on cannot be read out, not even by these pages.
import { answered, ApiError, json, request } from "./api.js";
import { held } from "./held.js";

const utf8 = new TextEncoder();
const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
const bytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

const caller = held();

export const current = () => caller.value;

export const forget = caller.forget;

const fetched = async (path, init) => (await answered(path, init)).text();

/** The curve of this deployment; WebCrypto knows P-256 and not secp256k1. */
export const curve = async () => json(await fetched("/caas/environment")).EC_CURVE_NAME;

/** Makes a caller of a licence key, and asks whose it is. */
export async function open(licence) {
  const pair = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveKey"]);
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const apis = {};
  for (const api of ["caas", "licenses"]) {
    const { publicKey } = json(await fetched(`/${api}/publickeys`));
    const theirs = await crypto.subtle.importKey("raw", Uint8Array.of(4, ...bytes(publicKey)), { name: "ECDH", namedCurve: "P-256" }, false, []);
    const key = await crypto.subtle.deriveKey({ name: "ECDH", public: theirs }, pair.privateKey, { name: "AES-GCM", length: 256 }, false, ["encrypt"]);
    apis[api] = { key, licensekey: await encrypted(key, licence) };
  }
  const candidate = { apis, publickey: base64(point.slice(1)), who: null };
  candidate.who = await call("GET", "/licenses/servicekey/current", undefined, candidate);
  // What came back holds the key as well.
  const { tag, authLevel, expiry } = candidate.who;
  candidate.who = { tag, authLevel, expiry };
  caller.keep(candidate);
  return candidate.who;
}

/** Sends a signed request; `path` starts with /caas or /licenses. */
export const call = async (method, path, body, as) => json(await text(method, path, body, as));

/** The same, and the answer as it was written. */
export async function text(method, path, body, as = caller.use()) {
  if (!as) throw new ApiError(401, { message: "Please give your licence key again." });
  const { key, licensekey } = as.apis[path.split("/")[1]];
  const id = { ts: Math.floor(Date.now() / 1000), uuid: crypto.randomUUID(), appid: "chancery-pages" };
  const headers = { publickey: as.publickey, licensekey, requestid: await encrypted(key, JSON.stringify(id)) };
  try {
    return await fetched(path, request(method, body, headers));
  } catch (error) {
    if (error.status === 401 && as === caller.value) error.message = "This licence may not see this.";
    throw error;
  }
}

async function encrypted(key, plain) {
  const iv = crypto.getRandomValues(new Uint8Array(16));
  const sealed = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, utf8.encode(plain)));
  return base64(Uint8Array.of(...iv, ...sealed));
}
