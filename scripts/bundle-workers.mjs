// node scripts/bundle-workers.mjs MODULE FOLDER [MODULE FOLDER …]: makes a Worker of each compiled module. wasm-bindgen
// writes the bindings, and esbuild puts them and scripts/worker-entry.mjs into one file. What worker-build would do, with
// one process of esbuild for all and no question to cargo for each.
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

/** What a Worker should have at most, in KB of its compressed module; a function's manifest may exempt it. */
const LIMIT = 250;
const here = dirname(fileURLToPath(import.meta.url));
const registry = JSON.parse(readFileSync(join(here, "../functions/registry.json"), "utf8"));
const run = promisify(execFile);
// Set by scripts/env and scripts/build.
const { WASM_BINDGEN_BIN, WASM_OPT_BIN, WASM_OPT_OPTIONS, PROFILE } = process.env;

const words = process.argv.slice(2);
const queue = words.flatMap((word, at) => (at % 2 === 0 ? [{ module: word, folder: words[at + 1] }] : []));
try {
  await Promise.all(Array.from({ length: availableParallelism() }, bundleNext));
} catch (error) {
  console.error(error.stderr || error.message);
  process.exit(1);
}

async function bundleNext() {
  for (let next = queue.shift(); next; next = queue.shift()) await bundle(next);
}

async function bundle({ module, folder }) {
  const output = join(folder, "build");
  const staging = join(folder, "build", ".new");
  rmSync(output, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true });
  await run(WASM_BINDGEN_BIN, [
    module,
    ...["--target", "module", "--out-dir", staging, "--out-name", "index", "--no-typescript"],
    // A trap ends an instance; these let worker-entry.mjs begin the next one.
    ...["--experimental-reset-state-function", "--force-enable-abort-handler"],
    ...(PROFILE === "dev" ? ["--debug"] : []),
  ]);
  const wasm = join(staging, "index_bg.wasm");
  const bundled = build({
    stdin: { contents: readFileSync(join(here, "worker-entry.mjs"), "utf8"), resolveDir: staging },
    bundle: true,
    minify: true,
    format: "esm",
    external: ["./index_bg.wasm", "cloudflare:*"],
    write: false,
    logLevel: "silent",
  });
  const shrunk = PROFILE === "dev" ? undefined : run(WASM_OPT_BIN, [...WASM_OPT_OPTIONS.split(/\s+/), wasm, "-o", wasm]);
  const [{ outputFiles }] = await Promise.all([bundled, shrunk]);
  // workerd imports a compiled module without the keyword of the source phase.
  writeFileSync(join(output, "index.js"), outputFiles[0].text.replaceAll("import source ", "import "));
  cpSync(wasm, join(output, "index_bg.wasm"));
  rmSync(staging, { recursive: true });
  if (PROFILE !== "dev") tellSize(basename(folder), join(output, "index_bg.wasm"));
}

function tellSize(name, wasm) {
  const limit = registry.functions.find((each) => each.name === name)?.sizeExemption?.kb ?? LIMIT;
  const size = Math.ceil(gzipSync(readFileSync(wasm), { level: 9 }).length / 1000);
  if (size > limit) console.error(`! ${name} has ${size} KB compressed, more than ${limit}`);
}
