// node tests/template.mjs: a copy of tests/template in functions/ is a function. Writes its manifests, builds it, asks it
// natively, on workerd and as a component, and takes it away again. Prints what the new function cost. As for the
// black-box suite, CHANCERY_RUNTIMES picks runtimes.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDER = "functions/caas/template";
const copy = join(root, FOLDER);
const GREETING = "good morning";
/** Below the order of the curve, so that it is a private key. */
const privateKey = () => Buffer.concat([Buffer.from([1]), randomBytes(31)]).toString("base64");
const variables = {
  CAAS_PRIVATE_KEY: privateKey(),
  LICENSES_PRIVATE_KEY: privateKey(),
  ROOT_KEY: `first:${randomBytes(32).toString("base64")}`,
  LOOKUP_KEY: randomBytes(32).toString("base64"),
  TEMPLATE_GREETING: GREETING,
};
const RUNTIMES = {
  native: (state) => ["target/debug/chancery-native", ["--state", state, "--until-stdin-closes", "--only", "template"]],
  workerd: (state) => {
    const file = join(state, "variables.json");
    writeFileSync(file, JSON.stringify(variables));
    return ["node", [join(root, "scripts/workerd.mjs"), "--state", state, "--vars", file, "--only", "template"]];
  },
  component: (state) => {
    const words = ["--manifest", join(root, "spin.toml"), "--state", state, "--listen", "127.0.0.1:0", "--until-stdin-closes"];
    return ["target/debug/chancery-host", [...words, "--component-id", "template"]];
  },
};

const chosen = process.env.CHANCERY_RUNTIMES?.split(",") ?? Object.keys(RUNTIMES);
const kinds = [...(chosen.includes("workerd") ? ["--workers"] : []), ...(chosen.includes("component") ? ["--components"] : [])];

// Left by a run that was killed.
if (existsSync(copy)) takeAway();
const lock = join(root, "Cargo.lock");
const before = { text: readFileSync(lock), at: statSync(lock) };
let failed = false;
try {
  cpSync(join(root, "tests/template"), copy, { recursive: true });
  step("scripts/manifests", ["scripts/manifests"]);
  // The lock has one more package of ours, and the others are what they were.
  step("Cargo.lock", ["cargo", "update", "--workspace", "--offline", "--quiet"]);
  utimesSync(lock, before.at.atime, before.at.mtime);
  // All functions: with fewer of them, what they share would be compiled with fewer features.
  if (kinds.length > 0) step("build", ["scripts/build", ...kinds]);
  // All packages, and a test, so that nothing is compiled with other features than elsewhere.
  const words = "--quiet --workspace --bin chancery-native --bin chancery-host --test slugify";
  step("native build", ["bash", "-c", `. scripts/env; native build ${words}`]);
  report();
  for (const name of chosen) await ask(name, RUNTIMES[name]);
} catch (error) {
  failed = true;
  console.error(error.message);
} finally {
  takeAway();
  // What is built from the lock is not older than it was.
  writeFileSync(lock, before.text);
  utimesSync(lock, before.at.atime, before.at.mtime);
}
process.exit(failed ? 1 : 0);

function step(name, [program, ...words]) {
  const started = Date.now();
  execFileSync(program, words, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  console.log(`${name}: ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

/** What stands in the way of one more function: files and lines that are written by hand, and by scripts/manifests. */
function report() {
  const git = (...words) => execFileSync("git", words, { cwd: root, encoding: "utf8" });
  const lines = (file) => readFileSync(join(root, file), "utf8").split("\n").length - 1;
  const own = git("ls-files", "--others", "--exclude-standard", FOLDER).trim().split("\n").filter((file) => !file.endsWith("wrangler.toml"));
  const generated = git("diff", "--numstat", "--", "wrangler.toml", "spin.toml", "functions", "tests/functions", "Cargo.lock").trim().split("\n");
  console.log(`by hand: ${own.length} files, ${own.reduce((sum, file) => sum + lines(file), 0)} lines`);
  console.log(`generated: ${FOLDER}/wrangler.toml, ${lines(`${FOLDER}/wrangler.toml`)} lines, and lines in ${generated.length} files`);
}

async function ask(name, start) {
  const state = mkdtempSync(join(tmpdir(), "chancery-template-"));
  const [program, words] = start(state);
  const spin = Object.fromEntries(Object.entries(variables).map(([key, value]) => [`SPIN_VARIABLE_${key}`, value]));
  const env = { ...process.env, ...variables, ...spin };
  const child = spawn(program, words, { cwd: root, env, stdio: ["pipe", "pipe", "inherit"] });
  try {
    const { url, ready } = await announced(child);
    const answer = await fetch(`${url ?? ready}/caas/template/greeting`);
    const body = await answer.text();
    if (body !== JSON.stringify({ greeting: GREETING, licences: 0 })) throw new Error(`${name}: ${answer.status} ${body}`);
    console.log(`${name}: answered`);
  } finally {
    child.stdin.end();
    await new Promise((resolve) => (child.exitCode === null ? child.once("exit", resolve) : resolve()));
    rmSync(state, { recursive: true, force: true });
  }
}

/** The programs print a line of JSON when they serve. */
function announced(child) {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => line.startsWith("{") && resolve(JSON.parse(line)));
    child.once("exit", (code) => reject(new Error(`${child.spawnfile} ended before it was ready (${code})`)));
    child.once("error", reject);
  });
}

function takeAway() {
  rmSync(copy, { recursive: true, force: true });
  execFileSync("scripts/manifests", { cwd: root, stdio: "inherit" });
  // It was built with the route of the copy.
  rmSync(join(root, "functions/gateway/build/.built"), { force: true });
}
