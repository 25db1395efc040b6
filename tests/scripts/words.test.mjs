// Names are the field's words. Those of an earlier vocabulary, which a reader had to learn first, do not come back; the
// terms that are the project's own are few and stand in one glossary.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

// What the words are called now: nonce, state of what was judged, replay cache, deferred nonces, request log, position or
// scope or path, time limit, subject of a token, record, generate.
const TYPES = ["Mark", "Marks", "Seen", "Claimed", "Unwritten", "Trail", "Traces", "Place"];
const FUNCTIONS = ["tell", "told", "proven_for", "draw"];
const CONSTANTS = ["PATIENCE", "SEEN"];
const DECLARED = new RegExp(
  `\\b(?:(?:struct|enum|trait|type) (?:${TYPES.join("|")})|fn (?:${FUNCTIONS.join("|")})|(?:const|static) (?:${CONSTANTS.join("|")}))\\b`,
);

const list = (pattern) =>
  execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", pattern], { cwd: root, encoding: "utf8" })
    .trim()
    .split("\n")
    .filter((file) => existsSync(join(root, file)));

test("no declaration has a name of the earlier vocabulary", () => {
  assert.ok(DECLARED.test("pub(crate) struct Place<'a> {") && !DECLARED.test("struct Placement {"), "the pattern");
  const found = list("*.rs").flatMap((file) =>
    readFileSync(join(root, file), "utf8")
      .split("\n")
      .filter((line) => DECLARED.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
  assert.deepEqual(found, []);
});

test("the tables of today have none either", () => {
  const tables = new Set();
  for (const file of list("shared/migrations/*.sql").sort())
    for (const [, made, dropped, from, to] of readFileSync(join(root, file), "utf8").matchAll(
      /CREATE TABLE (?:IF NOT EXISTS )?(\w+)|DROP TABLE (?:IF EXISTS )?(\w+)|ALTER TABLE (\w+) RENAME TO (\w+)/gi,
    )) {
      if (made ?? to) tables.add(made ?? to);
      tables.delete(dropped ?? from);
    }
  assert.ok(tables.has("request_nonces"), "the migrations were read");
  assert.deepEqual([...tables].filter((table) => /marks?$|traces?$|trail|unwritten/.test(table)), []);
});

test("the glossary has fifteen terms at most", () => {
  const [, section] = readFileSync(join(root, "docs/ARCHITECTURE.md"), "utf8").match(/^## Terms\n([^]*?)^## /m);
  const terms = [...section.matchAll(/^\| ([^|]+) \|/gm)].map(([, term]) => term).filter((term) => !/^(term|---)$/.test(term));
  assert.ok(terms.length > 0 && terms.length <= 15, `${terms.length} terms`);
  assert.deepEqual(terms, [...terms].sort(), "in the order of the alphabet");
});
