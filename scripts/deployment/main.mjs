// node scripts/deployment/main.mjs: see scripts/deploy. One command after the other.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { readSecrets, secretsOf } from "./secrets.mjs";
import { Steps } from "./steps.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const DEPLOYMENT = join(root, "deployment.json");
const registry = JSON.parse(readFileSync(join(root, "functions/registry.json"), "utf8"));
const deployed = registry.functions.filter((each) => each.deployed);

function main({ names, dry, file, keep }) {
  const { variables } = registry;
  const chosen = deployed.filter(({ name }) => names.length === 0 || names.includes(name));
  const given = keep ? new Map() : readSecrets({ file, chosen, dry, variables });
  const steps = new Steps({ root, dry, hidden: Object.keys(variables).filter((name) => variables[name].secret) });
  provide(steps, dry);
  // Built at once here; `wrangler deploy` then finds each Worker built.
  steps.script("build", ["--release", "--workers", ...names]);
  const stored = deployed.find(({ bindings }) => bindings.includes("database"));
  steps.run("wrangler", ["d1", "migrations", "apply", deployment().database.name, "--remote", ...config(stored.folder)]);
  for (const each of chosen) {
    const secrets = secretsOf(each, given);
    if (secrets) steps.run("wrangler", ["secret", "bulk", ...config(each.folder)], secrets);
    steps.run("wrangler", ["deploy", ...config(each.folder)]);
  }
  if (names.length === 0 || names.includes("gateway")) steps.run("wrangler", ["deploy", "-c", "wrangler.toml"]);
}

/** Finds the database and the namespace by their names, or creates them, and writes their ids down. */
function provide(steps, dry) {
  const { database, cache } = deployment();
  if (database.id === null) {
    const find = ["d1", "list", "--json"];
    const id = findOrCreate(steps, dry, find, ["d1", "create", database.name], (all) => all.find(({ name }) => name === database.name)?.uuid);
    keepId("database", id, dry);
  }
  if (cache.id === null) {
    const find = ["kv", "namespace", "list"];
    const id = findOrCreate(steps, dry, find, ["kv", "namespace", "create", cache.name], (all) => all.find(({ title }) => title === cache.name)?.id);
    keepId("cache", id, dry);
  }
  steps.script("manifests", []);
}

function findOrCreate(steps, dry, list, create, idIn) {
  const look = () => {
    const text = steps.read("wrangler", list);
    return dry ? undefined : idIn(JSON.parse(text));
  };
  const found = look();
  if (found !== undefined) return found;
  steps.run("wrangler", create, { note: "if there is none of this name" });
  if (dry) return undefined;
  const id = look();
  if (id === undefined) throw new Error(`wrangler ${create.join(" ")} succeeded, but the list does not have it`);
  return id;
}

function deployment() {
  return JSON.parse(readFileSync(DEPLOYMENT, "utf8"));
}

function keepId(key, id, dry) {
  if (dry) return;
  const all = deployment();
  all[key].id = id;
  writeFileSync(DEPLOYMENT, `${JSON.stringify(all, null, 2)}\n`);
}

const config = (folder) => ["-c", `${folder}/wrangler.toml`];

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { "dry-run": { type: "boolean" }, secrets: { type: "string" }, "keep-secrets": { type: "boolean" } },
  });
  if (values.secrets && values["keep-secrets"]) throw new Error("--secrets and --keep-secrets exclude each other");
  for (const name of positionals) {
    if (name !== "gateway" && !deployed.some((each) => each.name === name)) throw new Error(`there is no function ${name}`);
  }
  return { names: positionals, dry: values["dry-run"] ?? false, file: values.secrets, keep: values["keep-secrets"] ?? false };
}

try {
  main(options());
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
