// deployment.json: where the Workers are deployed to. The ids of the database and of the key-value namespace, routes of
// Workers and variables that are no secrets stand there and nowhere else.
import { readFileSync } from "node:fs";
import { join } from "node:path";

export const FILE = "deployment.json";
const SHAPE = { database: ["name", "id"], cache: ["name", "id"], routes: null, variables: null };

/** Its content. Throws one error that lists all faults. */
export function readDeployment(root, { functions, variables }) {
  const deployment = JSON.parse(readFileSync(join(root, FILE), "utf8"));
  const faults = [];
  for (const key of Object.keys(deployment)) if (!(key in SHAPE)) faults.push(`there is no ${key}`);
  for (const [key, members] of Object.entries(SHAPE)) {
    if (typeof deployment[key] !== "object" || deployment[key] === null) faults.push(`${key} must be an object`);
    else for (const name of Object.keys(deployment[key])) if (members && !members.includes(name)) faults.push(`${key} has no ${name}`);
  }
  const workers = ["gateway", ...functions.map(({ name }) => name)];
  for (const name of Object.keys(deployment.routes ?? {})) if (!workers.includes(name)) faults.push(`routes: there is no function ${name}`);
  for (const [name, value] of Object.entries(deployment.variables ?? {})) {
    const known = variables.get(name.toLowerCase());
    if (!known || name !== name.toUpperCase()) faults.push(`variables: there is no ${name}`);
    else if (known.secret) faults.push(`variables: ${name} is a secret; give it to scripts/deploy`);
    if (typeof value !== "string") faults.push(`variables: ${name} must be a string`);
  }
  if (faults.length > 0) throw new Error(faults.map((fault) => `${FILE}: ${fault}`).join("\n"));
  return deployment;
}
