// node tests/bench/rows-written.mjs: how many rows D1 counts as written for what requests store, on the workerd of Miniflare
// and an empty database with all migrations. The figures of docs/growth.md.

import { readFileSync, readdirSync } from "node:fs";
import { Miniflare } from "miniflare";

const migrations = new URL("../../shared/migrations/", import.meta.url);
const script = "export default { fetch: () => new Response() };";
const miniflare = new Miniflare({ modules: true, script, d1Databases: ["DB"] });
const database = await miniflare.getD1Database("DB");

for (const name of readdirSync(migrations).sort()) {
  const statements = readFileSync(new URL(name, migrations), "utf8").split(";\n").map((text) => text.trim());
  for (const text of statements.filter(Boolean)) await database.prepare(text).run();
}

async function rows(text, ...parameters) {
  const { meta } = await database.prepare(text).bind(...parameters).run();
  return meta.rows_written;
}

async function written(what, text, ...parameters) {
  const count = await rows(text, ...parameters);
  console.log(`${String(count).padStart(4)}  ${what}`);
}

// The columns that an index has are what counts; the values are not.
const ENTRY = `INSERT INTO audit_entries (tenant_id, leaf_index, at, actor, action, subject, outcome, value_hash, event_id,
  occurred_at, request_id, entry) SELECT 't', n, 1, 'a', 'x', 's', 'done', ?1, ?2, ?3, ?4, '{}'
  FROM (SELECT coalesce((SELECT max(leaf_index) FROM audit_entries WHERE tenant_id = 't'), -1) + 1 AS n)`;
const USE = `INSERT INTO qnsp_key_uses (tenant_id, key_id, minute, hour, day, at, operation, bytes, failures, algorithm)
  VALUES ('t', 'k', 1, 1, 1, 1, 'sign', 1, 0, 'EC')`;

await written("a nonce", "INSERT INTO request_nonces (nonce, caller, level) VALUES ('6b49d200', 'c', 'l')");
await written("a nonce, deleted", "DELETE FROM request_nonces WHERE nonce < '7'");
await written("an entry of a read", ENTRY, null, null, null, null);
await written("an entry of a value that was set", ENTRY, "h", null, null, null);
await written("an entry that is an event of QNSP", ENTRY, null, "e", 5, "r");
await written("a secret", "INSERT INTO secrets (tenant_id, community_id, tag, sealed, created_by, created_ts) VALUES ('t', 'c', 'g', x'00', 'b', 1)");
await written("a use of a key, the first in its minute", USE);
await written("a use of a key, another", USE);

// Reads of secrets of the Config API become entries sixteen requests at a time.
const READ = "INSERT INTO config_reads (tenant_id, project_id, performed_by, at, secrets) VALUES ('t', 'p', 'u', 1, ?1)";
const fifty = JSON.stringify(Array.from({ length: 50 }, (_, number) => [`key-${number}`, 1]));
for (let request = 1; request < 16; request++) await rows(READ, fifty);
await written("the sixteenth read of fifty secrets, after fifteen of 1", READ, fifty);
await miniflare.dispose();
