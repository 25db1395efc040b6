// One place gives the database batches, so that authorisation, change, nonce and audit entry are put together there alone. A
// statement owns its text where that is put together, so nothing keeps a table of texts for it.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { functions } = JSON.parse(readFileSync(join(root, "functions/registry.json"), "utf8"));

const sources = [...functions.map(({ folder }) => folder), "shared/service", "shared/qnsp"]
  .map((folder) => join(folder, "src"))
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => join(folder, file)))
  .filter((file) => file.endsWith(".rs") && !/\btests?\b|test_database/.test(file))
  // A module of tests stands at the end of a file.
  .map((file) => [file, readFileSync(join(root, file), "utf8").split(/#\[cfg\(test\)\]\s*mod \w+ \{/)[0]]);

test("only the module of the batch gives one to the database", () => {
  const giving = sources.filter(([, source]) => /\bsql(\(\))?\s*\.(read_)?batch\(/.test(source)).map(([file]) => file);
  assert.deepEqual(giving.sort(), ["shared/service/src/batch.rs", "shared/service/src/batch/unasked.rs"]);
});

// A static with texts that were put together at run time.
const TABLE = /\bstatic \w+:\s*(?:LazyLock|OnceLock)<[^=;]*\bString\b[^]*?;\n/g;

test("no static holds the text of a statement", () => {
  const holds = (source) => (source.match(TABLE) ?? []).filter((declared) => /\[String|Vec<String>|\b(?:SELECT|INSERT|UPDATE|DELETE)\b/.test(declared));
  assert.equal(holds("static TEXTS: LazyLock<[String; 4]> = LazyLock::new(texts);\n").length, 1, "the pattern");
  assert.deepEqual(sources.flatMap(([file, source]) => holds(source).map((declared) => `${file}: ${declared}`)), []);
});
