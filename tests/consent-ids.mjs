// Works out content ids with the JavaScript libraries of IPFS: `node tests/consent-ids.mjs` reads lines of JSON
// {"consentId", "document"} from standard input, as `chancery consent export` writes them, and fails at the first
// document whose id is another one.
import assert from "node:assert/strict";
import * as dagPB from "@ipld/dag-pb";
import { UnixFS } from "ipfs-unixfs";
import { CID } from "multiformats/cid";
import { sha256 } from "multiformats/hashes/sha2";

export async function contentId(bytes) {
  const file = new UnixFS({ type: "file", data: bytes.length > 0 ? bytes : undefined });
  const block = dagPB.encode(dagPB.prepare({ Data: file.marshal(), Links: [] }));
  return CID.createV0(await sha256.digest(block)).toString();
}

// Sorted names and no blanks: the form in which a document is stored.
const canonical = (document) =>
  JSON.stringify(Object.fromEntries(Object.entries(document).sort(([a], [b]) => (a < b ? -1 : 1))));

assert.equal(await contentId(Buffer.from("hello world\n")), "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o");
let input = "";
for await (const chunk of process.stdin) input += chunk;
const lines = input.split("\n").filter((line) => line !== "");
for (const line of lines) {
  const { consentId, document } = JSON.parse(line);
  assert.equal(await contentId(Buffer.from(canonical(document))), consentId);
}
console.log(JSON.stringify({ documents: lines.length }));
