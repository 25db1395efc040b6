// node scripts/workerd.mjs --state DIR [--port N] [--vars FILE]: every built Worker behind the gateway, on workerd.
// `scripts/up`, the tests and the benchmarks serve with it.
//
//   --state DIR    where D1 and KV persist, laid out as `wrangler dev --persist-to DIR` does; migrations are applied
//   --port N       0, the default, takes a free one
//   --vars FILE    variables and secrets, given to every function: a JSON object (*.json), or lines NAME="value"
//   --direct FILE  JSON object from a function's folder to routes, such as ["*/caas/sd"], that lead to it without the
//                  gateway; a folder that is no function's is added as one
//   --only A,B     only these functions, by the names of their folders; the gateway answers 503 for the others
//   --crons        the triggers of functions with due work fire, once a minute
//   --trust-edge-headers
//                  the caller may act as Cloudflare's edge: `CF-Connecting-IP` is taken from the request
//
// Prints one line of JSON when ready, {"url": "http://127.0.0.1:1234"}, and stops on SIGTERM, on SIGINT,
// or when its standard input is closed, so that it never outlives its caller. Logs go to standard error.
//
// Requests reach workerd through a socket of its own, not through Miniflare's entry Worker: that one rewrites URLs by
// header (`MF-Original-URL`), answers below `/cdn-cgi/`, and replaces `Accept-Encoding`.
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, parseEnv } from "node:util";
import { Log, LogLevel, Miniflare } from "miniflare";

const COMPATIBILITY_DATE = "2026-04-01";
const start = randomUUID();
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values: options } = parseArgs({
  options: {
    state: { type: "string" },
    port: { type: "string", default: "0" },
    vars: { type: "string" },
    direct: { type: "string" },
    only: { type: "string" },
    crons: { type: "boolean", default: false },
    "trust-edge-headers": { type: "boolean", default: false },
  },
});
if (!options.state) fail("--state DIR is missing");
const state = resolve(options.state);
mkdirSync(state, { recursive: true });
const bindings = options.vars ? readVariables(options.vars) : {};
const direct = new Map(
  Object.entries(options.direct ? JSON.parse(readFileSync(options.direct, "utf8")) : {}).map(([folder, routes]) => [
    join(root, folder),
    routes,
  ]),
);

const only = options.only?.split(",");
const registry = JSON.parse(readFileSync(join(root, "functions/registry.json"), "utf8"));
const functions = registry.functions
  .filter(({ name, deployed }) => deployed && (only?.includes(name) ?? true))
  .map(({ folder }) => join(root, folder));
const added = [...direct.keys()].filter((folder) => !functions.includes(folder));
const gateway = {
  ...worker(join(root, "functions/gateway")),
  serviceBindings: Object.fromEntries(functions.map((folder) => [bindingOf(folder), nameOf(folder)])),
};
const front = {
  name: nameOf("front"),
  compatibilityDate: COMPATIBILITY_DATE,
  modules: [{ type: "ESModule", path: join(root, "scripts/workerd-front.mjs") }],
  modulesRoot: join(root, "scripts"),
  bindings: { TRUST_EDGE_HEADERS: options["trust-edge-headers"], ROUTES: directRoutes() },
  serviceBindings: {
    GATEWAY: nameOf("gateway"),
    ...Object.fromEntries([...direct.keys()].map((folder) => [bindingOf(folder), nameOf(folder)])),
  },
  unsafeDirectSockets: [{ host: "127.0.0.1", port: Number(options.port) }],
};
// Miniflare serves its first Worker on a second socket, which cannot be turned off.
const closed = {
  name: "closed",
  compatibilityDate: COMPATIBILITY_DATE,
  modules: [
    {
      type: "ESModule",
      path: "closed.mjs",
      contents: "export default { fetch: () => new Response(null, { status: 404 }) };",
    },
  ],
};

const miniflare = new Miniflare({
  host: "127.0.0.1",
  port: 0,
  cf: false,
  log: new Log(LogLevel.ERROR),
  handleRuntimeStdio: (stdout, stderr) => {
    stdout.pipe(process.stderr);
    stderr.pipe(process.stderr);
  },
  d1Persist: join(state, "v3/d1"),
  kvPersist: join(state, "v3/kv"),
  workers: [
    closed,
    front,
    gateway,
    ...[...functions, ...added].map((folder) => ({ ...worker(folder), ...grants(folder) })),
  ],
});

let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, stop);
process.stdin.resume().on("end", stop).on("error", stop);

try {
  await miniflare.ready;
  const stored = functions.find((folder) => grants(folder).d1Databases.DB);
  await migrate(await miniflare.getD1Database("DB", nameOf(stored)));
  if (options.crons) setInterval(fire, 60_000).unref();
  console.log(JSON.stringify({ url: (await miniflare.unsafeGetDirectURL(front.name)).origin }));
} catch (error) {
  if (!stopping) throw error;
}

// What Cloudflare does where wrangler.toml says `crons`. A function that fails logs that itself.
async function fire() {
  const due = registry.functions.filter((each) => each.due && functions.includes(join(root, each.folder)));
  for (const { folder } of due) {
    try {
      const trigger = await miniflare.getWorker(nameOf(folder));
      await trigger.scheduled({ scheduledTime: new Date(), cron: "* * * * *" });
    } catch (error) {
      if (!stopping) console.error(`the trigger of ${folder}: ${error}`);
    }
  }
}

// The header `MF-Route-Override` on Miniflare's own socket selects a Worker by its name, so names are not guessable.
function nameOf(folder) {
  return `chancery-${basename(folder)}-${start}`;
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
    compatibilityDate: COMPATIBILITY_DATE,
    modulesRoot: build,
    modules: [
      { type: "ESModule", path: join(build, "index.js") },
      ...(existsSync(wasm) ? [{ type: "CompiledWasm", path: wasm }] : []),
    ],
  };
}

// What scripts/deploy gives a Worker: the bindings and the variables that its function names. Whatever is no function
// gets all. The local ids name the files of a state folder; `wrangler dev` takes them from wrangler.toml.
function grants(folder) {
  const each = registry.functions.find((one) => join(root, one.folder) === folder);
  const given = Object.entries(bindings).filter(([name]) => each?.variables.includes(name) ?? true);
  const has = (binding) => each?.bindings.includes(binding) ?? true;
  return {
    bindings: Object.fromEntries(given),
    d1Databases: has("database") ? { DB: registry.local.database } : {},
    kvNamespaces: has("cache") ? { CACHE: registry.local.cache } : {},
  };
}

function readVariables(file) {
  const text = readFileSync(file, "utf8");
  return file.endsWith(".json") ? JSON.parse(text) : parseEnv(text);
}

// A route `*/a` is the path `/a`, and `*/a*` every path that begins with it. The most specific one comes first.
function directRoutes() {
  const parse = (route) => ({ path: route.replace(/^\*/, "").replace(/\*$/, ""), prefix: route.endsWith("*") });
  return [...direct].flatMap(([folder, routes]) =>
    routes.map((route) => ({ ...parse(route), binding: bindingOf(folder) })),
  ).sort((a, b) => a.prefix - b.prefix || b.path.length - a.path.length);
}

// What `wrangler d1 migrations apply` does, in the same table, without its two seconds.
async function migrate(database) {
  const table =
    "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, " +
    "applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)";
  await database.prepare(table).run();
  const { results } = await database.prepare("SELECT name FROM d1_migrations").all();
  const applied = new Set(results.map((row) => row.name));
  const folder = join(root, "shared/migrations");
  const missing = readdirSync(folder).filter((name) => name.endsWith(".sql") && !applied.has(name)).sort();
  // A statement of D1 may be a text of many, which takes less time than one by one.
  const statements = missing.flatMap((name) => [
    database.prepare(readFileSync(join(folder, name), "utf8")),
    database.prepare("INSERT INTO d1_migrations (name) VALUES (?1)").bind(name),
  ]);
  if (statements.length > 0) await database.batch(statements);
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
