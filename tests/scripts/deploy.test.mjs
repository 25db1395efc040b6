// scripts/deploy with a `wrangler` on PATH that records how it is called: in a copy of what it reads, so that the ids are
// not written into this project.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { functions } = JSON.parse(readFileSync(join(root, "functions/registry.json"), "utf8"));
const deployed = functions.filter((each) => each.deployed);
const SECRETS = { CAAS_PRIVATE_KEY: "caas=", LICENSES_PRIVATE_KEY: "licenses=", ROOT_KEY: "r1:root=", LOOKUP_KEY: "lookup=" };
const folders = [];
after(() => folders.forEach((folder) => rmSync(folder, { recursive: true })));

/** Prints what Cloudflare would, records its arguments and its input, and fails where `fail` says. */
const WRANGLER = `#!/usr/bin/env node
const { appendFileSync, existsSync, readFileSync, writeFileSync } = require("node:fs");
const words = process.argv.slice(2), line = words.join(" "), here = __dirname;
const input = words[1] === "bulk" ? JSON.parse(readFileSync(0, "utf8")) : null;
const inherited = Object.keys(process.env).filter((name) => name === "ROOT_KEY");
appendFileSync(here + "/calls", JSON.stringify({ line, input, inherited }) + "\\n");
if (existsSync(here + "/fail") && line.includes(readFileSync(here + "/fail", "utf8"))) process.exit(1);
const made = (what) => existsSync(here + "/" + what);
if (line.startsWith("d1 create")) writeFileSync(here + "/d1", "");
if (line.startsWith("kv namespace create")) writeFileSync(here + "/kv", "");
if (line === "d1 list --json") console.log(JSON.stringify(made("d1") ? [{ name: "other", uuid: "no" }, { name: "chancery", uuid: "d1-id" }] : []));
if (line === "kv namespace list") console.log(JSON.stringify(made("kv") ? [{ title: "chancery-cache", id: "kv-id" }] : []));
`;

function place({ fail } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "chancery-deploy-"));
  folders.push(folder);
  for (const part of ["functions/registry.json", "deployment.json", "scripts/deployment", "scripts/deploy", "scripts/env", "Cargo.lock"]) {
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  const bin = join(folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "wrangler"), WRANGLER);
  // What they do is tested elsewhere; here it is recorded.
  for (const name of ["manifests", "build"]) writeFileSync(join(folder, "scripts", name), `#!/bin/sh\necho "$0 $*" >>"${bin}/scripts"\n`);
  for (const file of [join(bin, "wrangler"), join(folder, "scripts/manifests"), join(folder, "scripts/build")]) chmodSync(file, 0o755);
  if (fail) writeFileSync(join(bin, "fail"), fail);
  return {
    folder,
    deploy(...words) {
      const env = { PATH: `${bin}:${process.env.PATH}`, HOME: process.env.HOME, ROOT_KEY: SECRETS.ROOT_KEY };
      return spawnSync(join(folder, "scripts/deploy"), words, { env, encoding: "utf8" });
    },
    secrets(all = SECRETS) {
      const file = join(folder, "secrets.env");
      writeFileSync(file, `# of a test\n${Object.entries(all).map(([name, value]) => `${name}="${value}"\n`).join("")}`);
      return file;
    },
    calls() {
      const file = join(bin, "calls");
      return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line)) : [];
    },
    deployment: () => JSON.parse(readFileSync(join(folder, "deployment.json"), "utf8")),
  };
}

test("a dry run prints every command, and runs and writes nothing", () => {
  const here = place();
  const { stdout, status } = here.deploy("--dry-run", "--secrets", here.secrets());
  assert.equal(status, 0);
  const lines = stdout.trim().split("\n");
  for (const line of ["wrangler d1 list --json", "scripts/build --release --workers", "wrangler deploy -c wrangler.toml"]) assert.ok(lines.includes(line), line);
  for (const { folder } of deployed) assert.ok(lines.includes(`wrangler deploy -c ${folder}/wrangler.toml`), folder);
  for (const value of Object.values(SECRETS)) assert.ok(!stdout.includes(value), "a value is printed");
  assert.deepEqual(here.calls(), []);
  assert.equal(here.deployment().database.id, null);
});

test("a first deployment creates what is missing, then migrates, then deploys the functions and last the gateway", () => {
  const here = place();
  const { status, stderr } = here.deploy("--secrets", here.secrets());
  assert.equal(status, 0, stderr);
  const lines = here.calls().map(({ line }) => line);
  assert.deepEqual(lines.slice(0, 6), [
    "d1 list --json",
    "d1 create chancery",
    "d1 list --json",
    "kv namespace list",
    "kv namespace create chancery-cache",
    "kv namespace list",
  ]);
  assert.match(lines[6], /^d1 migrations apply chancery --remote -c functions\//);
  const order = lines.filter((line) => line.startsWith("deploy"));
  assert.deepEqual(order, [...deployed.map(({ folder }) => `deploy -c ${folder}/wrangler.toml`), "deploy -c wrangler.toml"]);
  assert.equal(here.deployment().database.id, "d1-id");
  assert.equal(here.deployment().cache.id, "kv-id");
});

test("a later deployment takes the ids that are written down", () => {
  const here = place();
  here.deploy("--secrets", here.secrets());
  const before = here.calls().length;
  assert.equal(here.deploy("--keep-secrets").status, 0);
  const lines = here.calls().slice(before).map(({ line }) => line);
  assert.ok(lines.some((line) => line.startsWith("d1 migrations")));
  assert.ok(!lines.some((line) => /^(d1 list|d1 create|kv|secret) /.test(line)), lines.join("\n"));
});

test("each Worker gets exactly the secrets that its function names, before it is deployed, and on no command line", () => {
  const here = place();
  here.deploy("--secrets", here.secrets({ ...SECRETS, IPFS_API_AUTHORIZATION: "basic=" }));
  const calls = here.calls();
  for (const { folder, variables } of deployed) {
    const bulk = calls.findIndex(({ line }) => line === `secret bulk -c ${folder}/wrangler.toml`);
    const given = ["CAAS_PRIVATE_KEY", "LICENSES_PRIVATE_KEY", "ROOT_KEY", "LOOKUP_KEY", "IPFS_API_AUTHORIZATION"].filter((name) => variables.includes(name));
    assert.deepEqual(Object.keys(calls[bulk]?.input ?? {}).sort(), given.sort(), folder);
    if (bulk >= 0) assert.ok(bulk < calls.findIndex(({ line }) => line === `deploy -c ${folder}/wrangler.toml`), folder);
  }
  for (const { line, inherited } of calls) {
    for (const value of Object.values(SECRETS)) assert.ok(!line.includes(value), line);
    assert.deepEqual(inherited, [], line);
  }
});

test("a secret may come from the environment; a missing one stops everything by its name", () => {
  const here = place();
  const { LOOKUP_KEY: _, ROOT_KEY: __, ...others } = SECRETS;
  const { status, stderr } = here.deploy("--secrets", here.secrets(others));
  assert.equal(status, 1);
  assert.match(stderr, /missing: LOOKUP_KEY;/);
  assert.deepEqual(here.calls(), []);
});

test("no message repeats a value of the file", () => {
  for (const [line, message] of [
    ['PUBLIC_URL="https://a.example"', "PUBLIC_URL is no secret"],
    ['ROOT_KEYS="hidden"', "there is no variable ROOT_KEYS"],
    ['ROOT_KEY="hidden', "line 1: the value of ROOT_KEY must stand in quotes"],
    ["hidden", 'line 1: it must be NAME="value"'],
  ]) {
    const here = place();
    writeFileSync(join(here.folder, "secrets.env"), line);
    const { status, stderr } = here.deploy("--secrets", join(here.folder, "secrets.env"));
    assert.equal(status, 1);
    assert.ok(stderr.includes(message), stderr);
    assert.ok(!/hidden|a\.example/.test(stderr), stderr);
    assert.deepEqual(here.calls(), []);
  }
});

test("what fails stops the deployment and names the command", () => {
  const here = place({ fail: "migrations apply" });
  const { status, stderr } = here.deploy("--secrets", here.secrets());
  assert.equal(status, 1);
  assert.match(stderr, /wrangler d1 migrations apply .* failed/);
  assert.ok(!here.calls().some(({ line }) => line.startsWith("deploy")));
  assert.equal(here.deployment().database.id, "d1-id", "what was created is found again");
});

test("only the named functions are deployed", () => {
  const here = place();
  const { folder } = deployed.find(({ name }) => name === "consent");
  here.deploy("--secrets", here.secrets(), "consent");
  assert.deepEqual(here.calls().map(({ line }) => line).filter((line) => line.startsWith("deploy")), [`deploy -c ${folder}/wrangler.toml`]);
  assert.equal(here.deploy("nothing").status, 1);
});
