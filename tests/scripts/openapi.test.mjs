// Clients can be generated from the OpenAPI documents: openapi-typescript with tsc, openapi-python-client, and Redocly's
// rules read all of them and complain of nothing.
import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import openapiTS, { astToString } from "openapi-typescript";

const run = promisify(execFile);
const root = new URL("../..", import.meta.url).pathname;
const folder = join(root, "openapi");
const documents = readdirSync(folder).map((file) => file.replace(/\.json$/, ""));
const place = mkdtempSync(join(tmpdir(), "chancery-openapi-"));
after(() => rmSync(place, { recursive: true }));

const bin = (name) => join(root, "node_modules/.bin", name);
const of = (name) => JSON.parse(readFileSync(join(folder, `${name}.json`)));

// Redocly warns of paths of which one matches the other; these are the contract's, and their methods differ.
const AMBIGUOUS = ["/access/v1/jit/grants/{grantId}/revoke"];

// Types that openapi-python-client knows under another name, as a client's author would tell it.
const PYTHON = { post_hooks: [], content_type_overrides: { "application/jsonl": "application/octet-stream" } };

describe("the OpenAPI documents", { concurrency: 3 }, () => {
  test("follow Redocly's recommended rules", async () => {
    const files = documents.map((name) => join(folder, `${name}.json`));
    const env = { ...process.env, REDOCLY_TELEMETRY: "off", REDOCLY_SUPPRESS_UPDATE_NOTICE: "true" };
    const options = ["lint", "--extends", "recommended", "--format", "json", "--max-problems", "1000", ...files];
    const { stdout } = await run(bin("redocly"), options, { cwd: place, env, maxBuffer: 1 << 26 }).catch((failed) => failed);
    // One object for each document.
    const problems = stdout.trim().split(/(?<=^\})\s*(?=\{)/m).flatMap((report) => JSON.parse(report).problems);
    const isKnown = ({ ruleId, location: [{ pointer }] }) =>
      ruleId === "no-ambiguous-paths" && AMBIGUOUS.some((path) => pointer.endsWith(path.replaceAll("/", "~1")));
    const told = problems.filter((problem) => !isKnown(problem));
    assert.deepEqual(told.map(({ ruleId, message, location: [{ pointer }] }) => `${ruleId} ${pointer} ${message}`), []);
  });

  test("become strict types in openapi-typescript", async () => {
    for (const name of documents) {
      const text = astToString(await openapiTS(of(name)));
      // An operation that is not there would be no error.
      for (const id of operationIds(name)) assert.ok(text.includes(id), `${name}: ${id} is missing`);
      writeFileSync(join(place, `${name}.ts`), text);
    }
    const files = documents.map((name) => `${name}.ts`);
    writeFileSync(join(place, "tsconfig.json"), JSON.stringify({ compilerOptions: { strict: true, noEmit: true, types: [] }, files }));
    await run(bin("tsc"), ["-p", place]).catch((failed) => assert.fail(failed.stdout));
  });

  const python = generator();
  for (const name of documents) {
    test(`become a client in openapi-python-client: ${name}`, { skip: python.absent }, async () => {
      const config = join(place, `${name}.config.json`);
      writeFileSync(config, JSON.stringify(PYTHON));
      const [from, to] = [join(folder, `${name}.json`), join(place, name)];
      const options = ["generate", "--path", from, "--output-path", to, "--config", config, "--meta", "none"];
      const { stdout, stderr } = await run(join(python.home, "bin/openapi-python-client"), options);
      // What it cannot express it leaves out, with a warning.
      assert.equal(stderr + stdout.replace(/^Generating .*\n/, ""), "");
      const files = readdirSync(join(to, "api"), { recursive: true }).filter((file) => /\w\.py$/.test(file) && !file.includes("__init__"));
      assert.equal(files.length, operationIds(name).length);
      await run(join(python.home, "bin/python"), ["-m", "compileall", "-q", to]).catch((failed) => assert.fail(failed.stdout));
    });
  }
});

function operationIds(name) {
  return Object.values(of(name).paths).flatMap((item) => Object.values(item).map((operation) => operation.operationId));
}

// scripts/setup puts it into the cache where there is a Python.
function generator() {
  const { XDG_CACHE_HOME: cache, HOME: user } = process.env;
  const home = join(cache && isAbsolute(cache) ? cache : join(user ?? homedir(), ".cache"), "chancery/tools/openapi-python-client");
  if (existsSync(home)) return { home, absent: false };
  if (spawnSync("python3", ["--version"]).error) return { home, absent: "there is no Python" };
  return { home: assert.fail(`${home} is missing: run scripts/setup`) };
}
