// The deployment that the browser visits: all functions on workerd (or, for quick rounds, natively), with a state of
// their own, and the operator's tool pointed at it.
import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const secret = () => randomBytes(32).toString("base64");
/** Below the order of the curve, so that it is a private key. */
const privateKey = () => Buffer.concat([Buffer.from([1]), randomBytes(31)]).toString("base64");

export async function start({ native = false } = {}) {
  const state = mkdtempSync(join(tmpdir(), "chancery-browser-"));
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const variables = {
    EC_CURVE_NAME: "prime256v1",
    CAAS_PRIVATE_KEY: privateKey(),
    LICENSES_PRIVATE_KEY: privateKey(),
    ROOT_KEY: `first:${secret()}`,
    LOOKUP_KEY: secret(),
    ROOT_LICENSE_KEY: randomBytes(24).toString("base64url"),
    PUBLIC_URL: url,
    PORTAL_EMAIL_VERIFICATION: "true",
    // Cheap passwords: nobody guesses at these.
    PORTAL_ARGON2: "1024,1,1",
  };
  const child = native ? startNative(state, port, variables) : startWorkers(state, port, variables);
  await ready(child);
  mkdirSync(join(state, ".chancery"));
  const dev = { baseUrl: url, rootLicenseKey: variables.ROOT_LICENSE_KEY, curve: variables.EC_CURVE_NAME };
  writeFileSync(join(state, ".chancery/dev.json"), JSON.stringify(dev));

  return {
    url,
    licence: variables.ROOT_LICENSE_KEY,
    /** Runs `chancery --json …` and gives what it prints. */
    tool(...words) {
      const text = execFileSync(join(root, "target/debug/chancery"), ["--json", ...words], { cwd: state, encoding: "utf8" });
      return text.trim() === "" ? null : JSON.parse(text);
    },
    async stop() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.stdin.end();
      setTimeout(() => child.kill("SIGKILL"), 5000).unref();
      await ended;
      rmSync(state, { recursive: true, force: true });
    },
  };
}

function startWorkers(state, port, variables) {
  const file = join(state, "variables.json");
  writeFileSync(file, JSON.stringify(variables));
  return run("node", [join(root, "scripts/workerd.mjs"), "--state", state, "--vars", file, "--port", String(port)], process.env);
}

function startNative(state, port, variables) {
  const words = ["--state", state, "--listen", `127.0.0.1:${port}`, "--until-stdin-closes"];
  return run(join(root, "target/debug/chancery-native"), words, variables);
}

const run = (program, words, env) => spawn(program, words, { env, stdio: ["pipe", "pipe", "inherit"] });

/** Both programs print a line of JSON when they serve. */
function ready(child) {
  return new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => line.startsWith("{") && resolve());
    child.once("exit", (code) => reject(new Error(`the deployment did not start (${code})`)));
  });
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
