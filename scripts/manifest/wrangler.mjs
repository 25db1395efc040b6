// wrangler.toml of each function, and of the gateway at the root.
import { heading, table, text } from "./toml.mjs";

const COMPATIBILITY_DATE = "2026-04-01";
// What the database and the namespace are called on this machine, whatever they are called where it is deployed.
export const LOCAL = { database: "chancery", cache: "chancery-cache" };

const EACH_MINUTE = "* * * * *";

/** The name of a function's Worker. */
export const workerName = (name) => `chancery-${name}`;

export function functionFile(each, deployment) {
  const up = "../".repeat(each.folder.split("/").length);
  const own = Object.entries(deployment.variables).filter(([name]) => each.variables.includes(name.toLowerCase()));
  return [
    heading(`${each.folder}/Cargo.toml and deployment.json`),
    worker(each.name, "build/index.js", each.watched, deployment.routes[each.name]),
    each.cpuMs && table("limits", { cpu_ms: each.cpuMs }),
    each.due && table("triggers", { crons: [EACH_MINUTE] }),
    own.length > 0 && table("vars", Object.fromEntries(own)),
    each.bindings.includes("database") &&
      table("[d1_databases]", {
        binding: "DB",
        database_name: deployment.database.name,
        database_id: deployment.database.id ?? LOCAL.database,
        preview_database_id: LOCAL.database,
        migrations_dir: `${up}shared/migrations`,
      }),
    each.bindings.includes("cache") &&
      table("[kv_namespaces]", { binding: "CACHE", id: deployment.cache.id ?? LOCAL.cache, preview_id: LOCAL.cache }),
  ]
    .filter(Boolean)
    .join("\n");
}

export function gatewayFile(functions, deployment) {
  const watched = ["functions/gateway/src"];
  return [
    heading("the functions' Cargo.toml and deployment.json"),
    "# One origin in front of all functions: it picks the function by path and hands the request over.\n",
    worker("gateway", "functions/gateway/build/index.js", watched, deployment.routes.gateway),
    ...functions.map(({ name, binding }) => table("[services]", { binding, service: workerName(name) })),
  ].join("\n");
}

function worker(name, main, watched, routes) {
  const head = { name: workerName(name), main, compatibility_date: COMPATIBILITY_DATE };
  const build = { command: `$(git rev-parse --show-toplevel)/scripts/build --workers ${name}`, watch_dir: watched };
  const listed = routes ? `routes = [${routes.map(route).join(", ")}]\n` : "";
  return `${table(null, head)}${listed}\n${table("build", build)}\n${table("observability", { enabled: true })}`;
}

/** A pattern, or an inline table such as `{ pattern, zone_name }` or `{ pattern, custom_domain }`. */
function route(given) {
  if (typeof given === "string") return text(given);
  return `{ ${Object.entries(given).map(([key, value]) => `${key} = ${text(value)}`).join(", ")} }`;
}
