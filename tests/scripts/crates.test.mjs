// Libraries without tests or examples of their own say so in their Cargo.toml, so that nothing is compiled, linked and
// started for none. Here is what keeps the first test of such a library from being passed over.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { functions } = JSON.parse(readFileSync(join(root, "functions/registry.json"), "utf8"));
const tests = readdirSync(join(root, "tests")).map((name) => `tests/${name}`);
const crates = ["functions/gateway", ...functions.map(({ folder }) => folder), ...tests]
  .filter((folder) => existsSync(join(root, folder, "Cargo.toml")))
  .map((folder) => ({ folder, manifest: readFileSync(join(root, folder, "Cargo.toml"), "utf8"), source: source(join(root, folder, "src")) }));
const saying = (line) => crates.filter(({ manifest }) => section(manifest).includes(`${line}\n`));

test("a library that is not tested has no tests", () => {
  assert.deepEqual(having(saying("\ntest = false"), /#\[(\w+::)?test\b|cfg\(test\)|proptest!/), []);
});

test("a library whose examples are not run has no examples", () => {
  assert.deepEqual(having(saying("\ndoctest = false"), /^\s*\/\/[/!] ```/m), []);
});

/** What stands below `[lib]`, up to the next heading. */
function section(manifest) {
  return /^\[lib\]$([^]*?)(?=^\[|$(?![^]))/m.exec(manifest)?.[1] ?? "";
}

function having(some, pattern) {
  assert(some.length > 10, "the manifests say it in another way now; change this test");
  return some.filter((each) => pattern.test(each.source)).map(({ folder }) => folder);
}

function source(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".rs"));
  return files.map((file) => readFileSync(join(folder, file), "utf8")).join("\n");
}
