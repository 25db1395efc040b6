// node scripts/manifest/main.mjs [--check]: see scripts/manifests.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readDeployment } from "./deployment.mjs";
import { packages, read } from "./functions.mjs";
import { gatewayTable, linkedManifest, linkedSource, registryFile } from "./registry.mjs";
import { spinFile } from "./spin.mjs";
import { functionFile, gatewayFile } from "./wrangler.mjs";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const LINKED = "tests/functions/Cargo.toml";
const checking = process.argv.includes("--check");

try {
  const stale = [...generated()].filter(([file, text]) => current(file) !== text);
  if (checking && stale.length > 0) {
    throw new Error(`not what the functions' Cargo.toml say:\n  ${stale.map(([file]) => file).join("\n  ")}\nrun scripts/manifests`);
  }
  for (const [file, text] of stale) write(file, text);
  if (!checking) console.error(stale.length === 0 ? "nothing has changed" : stale.map(([file]) => `wrote ${file}`).join("\n"));
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}

/** The text of every generated file, by its path. */
function generated() {
  const all = workspace();
  const model = read(root, all);
  const deployment = readDeployment(root, model);
  const { variables } = model;
  const functions = model.functions.filter(({ deployed }) => deployed);
  return new Map([
    ["wrangler.toml", gatewayFile(functions, deployment)],
    ...functions.map((each) => [`${each.folder}/wrangler.toml`, functionFile(each, deployment)]),
    ["spin.toml", spinFile(functions, variables, all.find(({ name }) => name === "gateway").version)],
    ["functions/registry.json", registryFile(model.functions, variables)],
    ["functions/gateway/src/routes/table.rs", gatewayTable(functions)],
    [LINKED, linkedManifest(functions)],
    ["tests/functions/src/lib.rs", linkedSource(functions)],
  ]);
}

/** A folder that is gone still stands in the generated crate, and cargo then reads nothing: without it, it does. */
function workspace() {
  try {
    return packages(root);
  } catch (error) {
    const before = current(LINKED);
    write(LINKED, linkedManifest([]));
    try {
      return packages(root);
    } catch {
      throw new Error(`${error.stderr ?? error.message}`.trim());
    } finally {
      if (before !== undefined) write(LINKED, before);
    }
  }
}

function current(file) {
  return existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : undefined;
}

function write(file, text) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}
