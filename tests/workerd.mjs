// node tests/workerd.mjs --state DIR [--port N] [--vars FILE]: every built Worker behind the gateway, on workerd.
//
//   --state DIR    where D1 and KV persist; the migrations are applied there
//   --port N       0, the default, takes a free one
//   --vars FILE    JSON object of variables and secrets, given to every function
//   --direct FILE  JSON object from a function's folder to routes, such as ["*/caas/sd"], that lead to it without the
//                  gateway; a folder that is no function's is added as one
//
// Prints one line of JSON when ready, {"url": "http://127.0.0.1:1234"}, and stops on SIGTERM, on SIGINT,
// or when its standard input is closed, so that it never outlives the tests. Logs go to standard error.
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Log, LogLevel, Miniflare } from "miniflare";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({
  options: {
    state: { type: "string" },
    port: { type: "string", default: "0" },
    vars: { type: "string" },
    direct: { type: "string" },
  },
});
if (!options.state) fail("--state DIR is missing");
const state = resolve(options.state);
mkdirSync(state, { recursive: true });
const bindings = options.vars ? JSON.parse(readFileSync(options.vars, "utf8")) : {};
const direct = new Map(
  Object.entries(options.direct ? JSON.parse(readFileSync(options.direct, "utf8")) : {}).map(([folder, routes]) => [
    join(root, folder),
    routes,
  ]),
);

const functions = ["system", "caas", "licensing", "config", "portal", "audit"].flatMap((api) =>
  readdirSync(join(root, "functions", api)).map((name) => join(root, "functions", api, name)),
);
const added = [...direct.keys()].filter((folder) => !functions.includes(folder));
const gateway = {
  ...worker(join(root, "functions/gateway")),
  serviceBindings: Object.fromEntries(functions.map((folder) => [bindingOf(folder), nameOf(folder)])),
};

const miniflare = new Miniflare({
  host: "127.0.0.1",
  port: Number(options.port),
  cf: false,
  log: new Log(LogLevel.ERROR),
  handleRuntimeStdio: (stdout, stderr) => {
    stdout.pipe(process.stderr);
    stderr.pipe(process.stderr);
  },
  d1Persist: join(state, "d1"),
  kvPersist: join(state, "kv"),
  workers: [
    gateway,
    ...[...functions, ...added].map((folder) => ({ ...worker(folder), ...storage(), routes: direct.get(folder) })),
  ],
});

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, stop);
process.stdin.resume().on("end", stop).on("error", stop);

try {
  const url = await miniflare.ready;
  await migrate(await miniflare.getD1Database("DB", nameOf(functions[0])));
  console.log(JSON.stringify({ url: url.origin }));
} catch (error) {
  if (!stopping) throw error;
}

function nameOf(folder) {
  return `chancery-${basename(folder)}`;
}

function bindingOf(folder) {
  return basename(folder).toUpperCase().replaceAll("-", "_");
}

function worker(folder) {
  const build = join(folder, "build");
  if (!existsSync(join(build, "index.js"))) fail(`${folder} is not built; run scripts/build --workers`);
  const wasm = join(build, "index_bg.wasm");
  return {
    name: nameOf(folder),
    compatibilityDate: "2026-04-01",
    modulesRoot: build,
    modules: [
      { type: "ESModule", path: join(build, "index.js") },
      ...(existsSync(wasm) ? [{ type: "CompiledWasm", path: wasm }] : []),
    ],
  };
}

function storage() {
  return { bindings, d1Databases: { DB: "chancery" }, kvNamespaces: { CACHE: "chancery-cache" } };
}

// What `wrangler d1 migrations apply` does, in its own table, without its two seconds.
async function migrate(database) {
  const table = "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE)";
  await database.prepare(table).run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all();
  const applied = new Set(results.map((row) => row.name));
  const folder = join(root, "shared/migrations");
  for (const name of readdirSync(folder).filter((name) => name.endsWith(".sql")).sort()) {
    if (applied.has(name)) continue;
    // In these files a statement ends with `;` at the end of a line.
    const statements = readFileSync(join(folder, name), "utf8").split(";\n").map((text) => text.trim());
    await database.batch([
      ...statements.filter((text) => text !== "").map((text) => database.prepare(text)),
      database.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").bind(name),
    ]);
  }
}

async function stop() {
  if (stopping) return;
  stopping = true;
  await miniflare.dispose();
  process.exit(0);
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
