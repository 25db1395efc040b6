// Modules of a crate, and those of the pages, use each other in one direction: what two need of each other stands in a
// third, or in one of them.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { functions } = JSON.parse(readFileSync(join(root, "functions/registry.json"), "utf8"));
const shared = readdirSync(join(root, "shared")).map((name) => join("shared", name));
const crates = [...functions.map(({ folder }) => folder), "functions/gateway", ...shared].filter((folder) => existsSync(join(root, folder, "src/lib.rs")));

// A source without its comments and without the module of its tests, which stands at its end.
const read = (file) =>
  readFileSync(join(root, file), "utf8")
    .split(/#\[cfg\(test\)\]\s*mod \w+ \{/)[0]
    .replaceAll(/\/\/.*/g, "");

// The first names of `{a::b, c, d::{e, f}}`.
const firstNames = (list) => {
  let depth = 0;
  return [...list]
    .map((letter) => {
      depth += letter === "{" ? 1 : letter === "}" ? -1 : 0;
      return depth === 0 || letter === "," ? (depth === 0 ? letter : ";") : "";
    })
    .join("")
    .split(",")
    .map((path) => path.match(/\w+/)?.[0])
    .filter(Boolean);
};

// What follows `crate::` in a source.
const namesOf = (source) => [
  ...[...source.matchAll(/\bcrate::(\w+)/g)].map(([, name]) => name),
  ...[...source.matchAll(/\bcrate::\{([^;]*)\};/g)].flatMap(([, list]) => firstNames(list)),
];

// The modules that each module of a crate uses, by the name of its file or folder. A name that the crate itself hands on
// is of the module that it is taken from.
function uses(folder) {
  const lib = read(join(folder, "src/lib.rs"));
  const origin = new Map();
  for (const [, module, list, one] of lib.matchAll(/\buse (\w+)::(?:\{([^;]*)\}|([\w:]+));/g))
    for (const name of list === undefined ? [one.split("::").at(-1)] : firstNames(list)) origin.set(name, module);
  const files = readdirSync(join(root, folder, "src"), { recursive: true }).filter((file) => file.endsWith(".rs") && file !== "lib.rs");
  const module = (file) => file.split("/")[0].replace(/\.rs$/, "");
  const modules = new Map(files.map((file) => [module(file), new Set()]));
  for (const file of files)
    for (const name of namesOf(read(join(folder, "src", file)))) {
      const used = modules.has(name) ? name : origin.get(name);
      if (modules.has(used) && used !== module(file)) modules.get(module(file)).add(used);
    }
  return modules;
}

// The modules of which each is used by one before it, back to the first; undefined where there are none.
function circle(modules) {
  const done = new Set();
  const walk = (name, path) => {
    if (path.includes(name)) return [...path.slice(path.indexOf(name)), name];
    if (done.has(name)) return undefined;
    for (const used of modules.get(name)) {
      const found = walk(used, [...path, name]);
      if (found) return found;
    }
    done.add(name);
    return undefined;
  };
  for (const name of modules.keys()) {
    const found = walk(name, []);
    if (found) return found;
  }
  return undefined;
}

test("a circle is found", () => {
  const of = (entries) => new Map(Object.entries(entries).map(([name, used]) => [name, new Set(used)]));
  assert.deepEqual(circle(of({ a: ["b"], b: ["c"], c: ["b"] })), ["b", "c", "b"]);
  assert.equal(circle(of({ a: ["b", "c"], b: ["c"], c: [] })), undefined);
  assert.deepEqual(namesOf("use crate::{a::b, c::{d, e}, F};\nfn f() { crate::g::h() }"), ["g", "a", "c", "F"]);
});

for (const folder of crates)
  test(`${folder}: no module uses one that uses it`, () => {
    const found = circle(uses(folder));
    assert.equal(found, undefined, `a circle: ${found?.join(" → ")}`);
  });

const PAGES = "functions/portal/pages/static";

test(`${PAGES}: no module imports one that imports it`, () => {
  const files = readdirSync(join(root, PAGES)).filter((file) => file.endsWith(".js"));
  const imported = (file) => [...readFileSync(join(root, PAGES, file), "utf8").matchAll(/\b(?:from|import) ?\(?"\.\/([^"]+)"/g)].map(([, name]) => name);
  const modules = new Map(files.map((file) => [file, new Set(imported(file))]));
  assert.ok(modules.get("app.js").has("home.js") && modules.get("app.js").has("dom.js"), "both kinds of imports are read");
  const found = circle(modules);
  assert.equal(found, undefined, `a circle: ${found?.join(" → ")}`);
});
