// node --test tests/up.mjs: `scripts/up` as its user starts and stops it, on workerd and through wrangler, with a state
// of its own; and which doors of the local runtimes stay shut. Spin is played by a program that listens as Spin does.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import front from "../scripts/workerd/front.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "chancery-up-"));
after(() => rmSync(folder, { recursive: true, force: true }));

// Names that Miniflare and wrangler react to, read from their sources, so that a new version brings its new ones.
const sources = [
  "miniflare/dist/src/index.js",
  "miniflare/dist/src/workers/core/entry.worker.js",
  "wrangler/wrangler-dist/cli.js",
  "wrangler/wrangler-dist/ProxyWorker.js",
].map((file) => readFileSync(join(root, "node_modules", file), "utf8"));
const named = (pattern) => [...new Set(sources.flatMap((text) => text.match(pattern)))].sort();
const CDN_CGI = [...named(/\/cdn-cgi\/[a-z/-]*/g), "/cdn-cgi/explorer/api/d1/database/chancery/raw", "/cdn-cgi/trace"];
const MF_HEADERS = named(/\bMF-[A-Za-z]+(?:-[A-Za-z]+)*/g);

test("the sources of the local runtimes name what is asked for here", () => {
  for (const path of ["/cdn-cgi/explorer", "/cdn-cgi/platform-proxy", "/cdn-cgi/mf/reload"]) assert(CDN_CGI.includes(path), path);
  for (const name of ["MF-Original-URL", "MF-Route-Override", "MF-Op"]) assert(MF_HEADERS.includes(name), name);
});

test("headers of Cloudflare's edge and of Miniflare do not pass the front Worker", async () => {
  const env = { ROUTES: [], GATEWAY: { fetch: (request) => Object.fromEntries(request.headers) } };
  const sent = { "CF-Connecting-IP": "203.0.113.9", "CF-Worker": "x", "MF-Original-URL": "http://x/caas/sd", accept: "a/b" };
  const request = () => new Request("http://127.0.0.1/", { headers: sent });
  assert.deepEqual(front.fetch(request(), env), { accept: "a/b", "cf-connecting-ip": "127.0.0.1" });
  const trusted = front.fetch(request(), { ...env, TRUST_EDGE_HEADERS: true });
  assert.equal(trusted["cf-connecting-ip"], "203.0.113.9");
});

test("on workerd no door of the runtime is open, secrets stay private, and a killed script leaves nothing running", async () => {
  const up = await start(["--timeout", "600"]);
  assert.deepEqual(await doors(up.url, isNotFound), []);
  for (const name of MF_HEADERS) {
    const plain = await (await fetch(`${up.url}/caas/healthz`)).text();
    // workerd itself parses this one; what is no JSON it answers with 500.
    const values = name === "MF-CF-Blob" ? ['{"clientIp":"203.0.113.9"}'] : ["http://127.0.0.1/caas/sd", "chancery-pages"];
    for (const value of values) {
      const answer = await fetch(`${up.url}/caas/healthz`, { headers: { [name]: value } });
      assert.deepEqual([answer.status, await answer.text()], [200, plain], `${name}: ${value}`);
    }
  }
  for (const port of listening(up.processes())) {
    assert.deepEqual(await doors(`http://127.0.0.1:${port}`, isRefusal), [], `port ${port}`);
    const override = await fetch(`http://127.0.0.1:${port}/caas/healthz`, { headers: { "MF-Route-Override": "chancery-healthz" } });
    assert(port === up.port || override.status >= 400, `port ${port} selects Workers by name`);
  }

  // None of many requests at once is dropped.
  await Promise.all(Array.from({ length: 512 }, (_, number) => groups(up, `at-once-${number}`)));

  for (const name of ["", "dev.json", ".dev.vars", ...files(up.state).filter((name) => name.includes("sqlite"))]) {
    assert.equal(statSync(join(up.state, name)).mode & 0o077, 0, `others may read ${name}`);
  }
  const { configToken, qnsp } = JSON.parse(readFileSync(join(up.state, "dev.json")));
  const { tenantId, freeTenantId, jwtSecret, ...keys } = qnsp;
  assert.deepEqual(Object.keys(keys), QNSP_KEYS);
  for (const key of Object.values(keys)) assert.match(key, /^qnsp_pqc_[0-9a-f]{40}$/);
  assert.equal(new Set([tenantId, freeTenantId, ...Object.values(keys)]).size, 2 + QNSP_KEYS.length);
  assert(Buffer.from(jwtSecret).length >= 32 && readVars(up.state).includes(jwtSecret));
  const secrets = [configToken, ...Object.values(keys), ...readVars(up.state)];
  for (const secret of secrets) assert(!up.commandLines.some((line) => line.includes(secret)), "a secret stands on a command line");

  const [answer, page] = await Promise.all([fetch(`${up.url}/nowhere`), fetch(`${up.url}/portal/`, { redirect: "manual" })]);
  assert.deepEqual([answer.status, page.status, page.headers.get("location")], [404, 307, "/portal/ui/"]);
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
  const { headers } = await getPlainly(`${up.url}/portal/ui/`);
  assert.deepEqual([headers["content-type"], headers["content-encoding"]], ["text/html; charset=utf-8", undefined]);

  const running = up.processes();
  process.kill(up.child.pid, "SIGKILL");
  await ended(running);
});

test("one state serves workerd and wrangler, neither with the local explorer, and Ctrl-C ends everything", async () => {
  const state = mkdtempSync(join(folder, "state-"));
  const names = [];
  let qnsp;
  for (const runtime of [[], ["--wrangler"], []]) {
    const up = await start(runtime, state);
    const now = JSON.parse(readFileSync(join(state, "dev.json"))).qnsp;
    assert.deepEqual(now, (qnsp ??= now), `the tenants and keys of QNSP of the first start, ${runtime}`);
    assert.deepEqual((await groups(up)).sort(), names, `the rows that were written before, ${runtime}`);
    names.push(`group-${names.length}`);
    await groups(up, names.at(-1));
    assert.deepEqual(await doors(up.url, runtime.length ? isRefusal : isNotFound), [], `${runtime}`);
    const running = up.processes();
    process.kill(up.child.pid, "SIGINT");
    await ended(running);
    assert.equal(await up.exit, 130);
  }
});

test("a Spin before 4.1 is refused by its number", () => {
  for (const [version, refusal] of [
    ["spin 4.0.2 (abc1234 2026-01-01)", /too old.*4\.1/],
    ["spin 3.6.1", /too old/],
    ["unknown", /no version/],
  ]) {
    const output = run(["--spin"], { SPIN_BIN: program(`echo "${version}"`) });
    assert.match(output, refusal);
  }
  const port = listener();
  for (const version of ["spin 4.1.0", "spin 4.10.3", "spin 5.0.0"]) {
    const output = run(["--spin", "--port", port.number], { SPIN_BIN: program(`echo "${version}"`) });
    assert.match(output, /something listens/, version);
  }
  port.close();
});

test("Spin's child ends with Spin, and --timeout bounds a start that takes too long", async (t) => {
  if (!existsSync(join(root, "target/components/healthz.built"))) return t.skip("the components are not built");
  const spin = program('[ "$1" = --version ] && echo "spin 4.1.0" && exit; sleep 301 & sleep 302');
  const slow = spawnUp(["--spin", "--timeout", "2", "--port", String(await freePort())], mkdtempSync(join(folder, "state-")), { SPIN_BIN: spin });
  assert.equal(await slow.exit, 1);
  assert.match(slow.output(), /no answer .* after 2 s/);
  const waiting = spawnUp(["--spin", "--port", String(await freePort())], mkdtempSync(join(folder, "state-")), { SPIN_BIN: spin });
  const parent = await until(() => waiting.processes().find((pid) => commandLine(pid) === "sleep 302"));
  const running = waiting.processes();
  process.kill(parent, "SIGKILL");
  assert.equal(await waiting.exit, 1);
  await ended(running);
});

// --- Starting and watching ------------------------------------------------------------------------------

async function start(options, state = mkdtempSync(join(folder, "state-"))) {
  const port = await freePort();
  const up = spawnUp([...options, "--port", String(port)], state, {});
  const ready = await Promise.race([up.ready, up.exit]);
  assert.equal(ready, "ready", up.output());
  return Object.assign(up, { port, url: `http://127.0.0.1:${port}` });
}

function spawnUp(options, state, env) {
  const child = spawn(join(root, "scripts/up"), ["--state", state, ...options], { env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "pipe"] });
  let output = "";
  const up = { child, state, output: () => output, commandLines: [], processes: () => descendants(child.pid) };
  up.exit = new Promise((resolve) => child.once("exit", resolve));
  up.ready = new Promise((resolve) => {
    child.stderr.on("data", (text) => {
      output += text;
      if (output.includes("Ctrl-C stops it")) resolve("ready");
    });
  });
  const watch = setInterval(() => up.commandLines.push(...up.processes().map(commandLine)), 20);
  up.exit.then(() => clearInterval(watch));
  return up;
}

function run(options, env) {
  try {
    return execFileSync(join(root, "scripts/up"), options, { env: { ...process.env, ...env }, stdio: "pipe" }).toString();
  } catch (error) {
    return error.stderr.toString();
  }
}

/** Unlike `fetch`, without `Accept-Encoding`. */
const getPlainly = (url) => new Promise((resolve, reject) => get(url, (answer) => resolve(answer.resume())).on("error", reject));

const isNotFound = (status) => status === 404;
/** Miniflare's own socket and wrangler's proxy refuse in ways of their own, such as 401 and 500. */
const isRefusal = (status) => status >= 400;

/** What answers below /cdn-cgi/ in another way than it should. */
async function doors(url, isClosed) {
  const open = [];
  for (const path of CDN_CGI) {
    for (const [method, body] of [["GET"], ["POST", JSON.stringify({ sql: "SELECT 1" })]]) {
      const answer = await fetch(url + path, { method, body, headers: { "MF-Op": "GET" }, redirect: "manual" });
      if (!isClosed(answer.status)) open.push(`${method} ${path}: ${answer.status}`);
    }
  }
  return open;
}

async function groups(up, create) {
  const { configToken } = JSON.parse(readFileSync(join(up.state, "dev.json")));
  const headers = { authorization: `Bearer ${configToken}`, "content-type": "application/json" };
  const url = `${up.url}/api/client/v1/config/groups`;
  const body = create && JSON.stringify({ key: create, name: create });
  const answer = await fetch(url, create ? { method: "POST", headers, body } : { headers });
  assert.equal(answer.status, create ? 201 : 200);
  return create ? [] : (await answer.json()).groups.map((group) => group.key);
}

const QNSP_KEYS = ["ownerKey", "adminKey", "secondAdminKey", "developerKey", "viewerKey", "freeTenantKey", "platformAdminKey"];

/** An executable shell script with these lines. */
function program(text) {
  const file = join(mkdtempSync(join(folder, "bin-")), "spin");
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return file;
}

const readVars = (state) =>
  [...readFileSync(join(state, ".dev.vars"), "utf8").matchAll(/_(?:KEY|SECRET)="(.+)"/g)].map(([, value]) => value);

const files = (state) => readdirSync(state, { recursive: true });

async function freePort() {
  const { number, close } = listener();
  close();
  return number;
}

function listener() {
  const server = createServer().listen(0);
  return { number: server.address().port, close: () => server.close() };
}

async function until(found) {
  for (let round = 0; round < 6000; round += 1) {
    const value = found();
    if (value) return value;
    await sleep(100);
  }
  assert.fail("it did not happen within ten minutes");
}

// --- Processes, as Linux shows them -----------------------------------------------------------------------

function descendants(pid) {
  const parents = new Map();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const stat = quietly(() => readFileSync(`/proc/${entry}/stat`, "utf8"));
    if (stat) parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const found = [pid];
  for (const parent of found) for (const [child, of] of parents) if (of === parent) found.push(child);
  return found.slice(1);
}

const commandLine = (pid) => (quietly(() => readFileSync(`/proc/${pid}/cmdline`, "utf8")) ?? "").split("\0").join(" ").trim();

function listening(pids) {
  const sockets = pids.flatMap((pid) =>
    (quietly(() => readdirSync(`/proc/${pid}/fd`)) ?? []).map((fd) => quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`))),
  );
  const lines = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) => (quietly(() => readFileSync(file, "utf8")) ?? "").split("\n"));
  const rows = lines.map((line) => line.trim().split(/\s+/)).filter((row) => row[3] === "0A" && sockets.includes(`socket:[${row[9]}]`));
  return [...new Set(rows.map((row) => Number.parseInt(row[1].split(":")[1], 16)))];
}

const ended = (pids) => until(() => pids.every((pid) => !existsSync(`/proc/${pid}`) || quietly(() => readFileSync(`/proc/${pid}/stat`, "utf8"))?.includes(") Z ")));

function quietly(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}
