// The variables that the functions' manifests define are those that the source reads.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { functions, variables } = JSON.parse(readFileSync(join(root, "functions/registry.json"), "utf8"));
const given = new Set(functions.flatMap((each) => each.variables));

// Only their src: what lies beside it may be built at the same time.
const source = [
  ...["functions/gateway", ...functions.map(({ folder }) => folder)],
  ...["shared/service", "shared/qnsp", "shared/platform", "tests/floor"],
]
  .map((folder) => join(folder, "src"))
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => join(root, folder, file)))
  .filter((file) => file.endsWith(".rs"))
  .map((file) => readFileSync(file, "utf8"))
  .join("\n");

test("every variable that is read is defined", () => {
  const read = [...source.matchAll(/\b(?:get|text|flag|number|list|secret)\((?:[\w.()]+, )?"([A-Z][A-Z0-9_]+)"/g)].map(([, name]) => name);
  assert.ok(read.length > 20, "the source reads variables in another way now; change this test");
  assert.deepEqual([...new Set(read)].filter((name) => !(name in variables)).sort(), []);
});

test("every variable that a function is given is read", () => {
  assert.deepEqual([...given].filter((name) => !source.includes(`"${name}"`)).sort(), []);
});
