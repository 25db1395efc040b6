// Proofs of the audit log, checked here: RFC 9162 hashes and inclusion, and ES256 signatures. No I/O.

const utf8 = new TextEncoder();
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(parts)));

function joined(parts) {
  const all = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

export const fromHex = (text) => Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));

export const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** The hash of an entry, which is a leaf. */
export const leafHash = (entry) => sha256(Uint8Array.of(0), utf8.encode(entry));

const nodeHash = (left, right) => sha256(Uint8Array.of(1), left, right);

/** The root that a leaf and its proof lead to, or null when the proof has another length than the tree asks for. */
export async function rootOf(index, size, leaf, proof) {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return null;
  let [node, last, hash] = [index, size - 1, leaf];
  const half = (number) => Math.floor(number / 2);
  for (const sibling of proof) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      hash = await nodeHash(sibling, hash);
      while (node % 2 === 0 && node !== 0) [node, last] = [half(node), half(last)];
    } else {
      hash = await nodeHash(hash, sibling);
    }
    [node, last] = [half(node), half(last)];
  }
  return last === 0 ? hash : null;
}

/** Whether an ES256 signature r‖s over a text is by the key X‖Y. */
export async function isSigned(text, signature, publicKey) {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", Uint8Array.of(4, ...publicKey), algorithm, false, ["verify"]);
  return crypto.subtle.verify(algorithm, key, signature, utf8.encode(text));
}
