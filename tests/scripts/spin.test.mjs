// Spin is started alike by `scripts/up`, by who follows docs/deploying.md, and where it is measured.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The options of a file for instances, each with its number, however they are quoted. */
function instances(file) {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(/--(max-instance-reuse-count|idle-instance-timeout)[",\s]+(\d+)/g);
  return Object.fromEntries([...found].map(([, option, number]) => [option, Number(number)]));
}

test("instances of Spin live as long wherever it is started", () => {
  const started = instances("scripts/up");
  assert.deepEqual(Object.keys(started).sort(), ["idle-instance-timeout", "max-instance-reuse-count"]);
  for (const file of ["docs/deploying.md", "tests/bench/src/deployment.rs"]) assert.deepEqual(instances(file), started, file);
});
