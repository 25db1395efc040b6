// The secrets of a deployment: from a file or the environment, for the functions that name them. No message repeats one.
import { readFileSync } from "node:fs";

/** The secrets of the file and of the environment that the chosen functions take. */
export function readSecrets({ file, chosen, dry, variables }) {
  const given = file ? parse(readFileSync(file, "utf8"), file) : new Map();
  for (const name of given.keys()) {
    const variable = variables[name];
    if (!variable) throw new Error(`${file}: there is no variable ${name}`);
    if (!variable.secret) throw new Error(`${file}: ${name} is no secret; write it into deployment.json`);
  }
  const wanted = new Set(chosen.flatMap((each) => each.variables).filter((name) => variables[name].secret));
  for (const name of wanted) if (!given.has(name) && process.env[name]) given.set(name, process.env[name]);
  const missing = [...wanted].filter((name) => variables[name].required && !given.get(name)).sort();
  if (missing.length > 0) {
    const message = `these secrets are missing: ${missing.join(", ")}; give them with --secrets FILE or in the environment`;
    if (!dry) throw new Error(message);
    console.error(`# ${message}`);
  }
  return given;
}

/** Lines NAME=value or NAME="value", as in .dev.vars. No message repeats a value. */
function parse(text, file) {
  const values = new Map();
  text.split("\n").forEach((line, at) => {
    if (/^\s*(#.*)?$/.test(line)) return;
    const [, name, value] = /^\s*([A-Z][A-Z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined) throw new Error(`${file}, line ${at + 1}: it must be NAME="value"`);
    const [, quoted] = /^(?:"([^"]*)"|'([^']*)')$/.exec(value)?.filter((part) => part !== undefined) ?? [];
    if (quoted === undefined && /["'#]/.test(value)) throw new Error(`${file}, line ${at + 1}: the value of ${name} must stand in quotes`);
    values.set(name, quoted ?? value);
  });
  return values;
}

/** What `wrangler secret bulk` reads for one function, or nothing where it takes no secret. */
export function secretsOf(each, given) {
  const own = each.variables.filter((name) => given.get(name));
  if (own.length === 0) return undefined;
  const input = JSON.stringify(Object.fromEntries(own.map((name) => [name, given.get(name)])));
  return { input, note: `standard input: ${own.join(", ")}` };
}
