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
import { readFileSync } from "node:fs";
import { parseArgs, parseEnv } from "node:util";
import { deploy } from "./workerd/deployment.mjs";

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

let deployment;
let stopping = false;
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, stop);
process.stdin.resume().on("end", stop).on("error", stop);

try {
  deployment = deploy({
    state: options.state,
    port: Number(options.port),
    variables: options.vars ? readVariables(options.vars) : {},
    direct: options.direct ? JSON.parse(readFileSync(options.direct, "utf8")) : {},
    only: options.only?.split(","),
    crons: options.crons,
    trustEdgeHeaders: options["trust-edge-headers"],
    print: (text) => process.stderr.write(text),
  });
  console.log(JSON.stringify({ url: await deployment.ready }));
} catch (error) {
  if (!stopping) fail(error.message);
}

function readVariables(file) {
  const text = readFileSync(file, "utf8");
  return file.endsWith(".json") ? JSON.parse(text) : parseEnv(text);
}

async function stop() {
  if (stopping) return;
  stopping = true;
  await deployment?.stop();
  process.exit(0);
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
