// A deployment on workerd: every built Worker behind the gateway, under Miniflare. `scripts/workerd.mjs` says what its
// options are; a program may start many deployments, each of which has a workerd of its own.
//
// Requests reach workerd through a socket of its own, not through Miniflare's entry Worker: that one rewrites URLs by
// header (`MF-Original-URL`), answers below `/cdn-cgi/`, and replaces `Accept-Encoding`.
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Log, LogLevel, Miniflare } from "miniflare";

const COMPATIBILITY_DATE = "2026-04-01";
const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const registry = JSON.parse(readFileSync(join(root, "functions/registry.json"), "utf8"));

/**
 * Starts a deployment: `ready` becomes its address, and `stop` ends it at once, ready or not. `variables` are an object,
 * `direct` one from folders to routes, `only` names of functions. What workerd and Miniflare print goes to `print`.
 */
export function deploy({ state, port = 0, variables = {}, direct = {}, only, crons = false, trustEdgeHeaders = false, print }) {
  // The header `MF-Route-Override` on Miniflare's own socket selects a Worker by its name, so names are not guessable.
  const start = randomUUID();
  const nameOf = (folder) => `chancery-${basename(folder)}-${start}`;
  state = resolve(state);
  mkdirSync(state, { recursive: true });

  const routes = new Map(Object.entries(direct).map(([folder, its]) => [join(root, folder), its]));
  const functions = registry.functions
    .filter(({ name, deployed }) => deployed && (only?.includes(name) ?? true))
    .map(({ folder }) => join(root, folder));
  const added = [...routes.keys()].filter((folder) => !functions.includes(folder));
  const worker = (folder) => ({ name: nameOf(folder), compatibilityDate: COMPATIBILITY_DATE, ...built(folder) });
  const services = (folders) => Object.fromEntries(folders.map((folder) => [bindingOf(folder), nameOf(folder)]));

  const front = {
    name: nameOf("front"),
    compatibilityDate: COMPATIBILITY_DATE,
    modules: [{ type: "ESModule", path: join(root, "scripts/workerd/front.mjs") }],
    modulesRoot: join(root, "scripts/workerd"),
    bindings: { TRUST_EDGE_HEADERS: trustEdgeHeaders, ROUTES: directRoutes(routes) },
    serviceBindings: { GATEWAY: nameOf("gateway"), ...services([...routes.keys()]) },
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
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
    log: new Printed(print),
    handleRuntimeStdio: (...streams) => streams.forEach((stream) => stream.on("data", print)),
    d1Persist: join(state, "v3/d1"),
    kvPersist: join(state, "v3/kv"),
    workers: [
      closed,
      front,
      { ...worker(join(root, "functions/gateway")), serviceBindings: services(functions) },
      ...[...functions, ...added].map((folder) => ({ ...worker(folder), ...grants(folder, variables) })),
    ],
  });

  let stopping = false;
  // What Cloudflare does where wrangler.toml says `crons`. A function that fails logs that itself.
  const fire = async () => {
    const due = registry.functions.filter((each) => each.due && functions.includes(join(root, each.folder)));
    for (const { folder } of due) {
      try {
        const trigger = await miniflare.getWorker(nameOf(folder));
        await trigger.scheduled({ scheduledTime: new Date(), cron: "* * * * *" });
      } catch (error) {
        if (!stopping) print(`the trigger of ${folder}: ${error}\n`);
      }
    }
  };
  const serve = async () => {
    await miniflare.ready;
    const stored = functions.find((folder) => grants(folder, variables).d1Databases.DB);
    await migrate(await miniflare.getD1Database("DB", nameOf(stored)));
    if (crons) setInterval(fire, 60_000).unref();
    return (await miniflare.unsafeGetDirectURL(front.name)).origin;
  };
  const stop = () => {
    stopping = true;
    return miniflare.dispose();
  };
  return { ready: serve(), stop };
}

/** What Miniflare says, where the rest of the deployment's log goes. */
class Printed extends Log {
  #print;

  constructor(print) {
    super(LogLevel.ERROR);
    this.#print = print;
  }

  log(message) {
    this.#print(`${message}\n`);
  }
}

function bindingOf(folder) {
  return basename(folder).toUpperCase().replaceAll("-", "_");
}

function built(folder) {
  const build = join(folder, "build");
  if (!existsSync(join(build, "index.js"))) throw new Error(`${folder} is not built; run scripts/build --workers`);
  const wasm = join(build, "index_bg.wasm");
  return {
    modulesRoot: build,
    modules: [
      { type: "ESModule", path: join(build, "index.js") },
      ...(existsSync(wasm) ? [{ type: "CompiledWasm", path: wasm }] : []),
    ],
  };
}

// What scripts/deploy gives a Worker: the bindings and the variables that its function names. Whatever is no function
// gets all. The local ids name the files of a state folder; `wrangler dev` takes them from wrangler.toml.
function grants(folder, variables) {
  const each = registry.functions.find((one) => join(root, one.folder) === folder);
  const given = Object.entries(variables).filter(([name]) => each?.variables.includes(name) ?? true);
  const has = (binding) => each?.bindings.includes(binding) ?? true;
  return {
    bindings: Object.fromEntries(given),
    d1Databases: has("database") ? { DB: registry.local.database } : {},
    kvNamespaces: has("cache") ? { CACHE: registry.local.cache } : {},
  };
}

// A route `*/a` is the path `/a`, and `*/a*` every path that begins with it. The most specific one comes first.
function directRoutes(routes) {
  const parse = (route) => ({ path: route.replace(/^\*/, "").replace(/\*$/, ""), prefix: route.endsWith("*") });
  return [...routes].flatMap(([folder, its]) =>
    its.map((route) => ({ ...parse(route), binding: bindingOf(folder) })),
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
