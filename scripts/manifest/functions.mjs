// The functions of this workspace as their manifests describe them: `[package.metadata.function]` says what a function
// needs, `[package.metadata.variables]` of any crate defines variables, `[package.metadata.variable-groups]` names sets
// of them, and `[package.metadata.database]` says what each component with a database takes besides. Reads and checks;
// writes nothing.
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";

const KEYS = ["routes", "fallback", "variables", "bindings", "outbound-hosts", "size-exemption", "cpu-ms", "deployed", "due"];
const BINDINGS = ["database", "cache"];

/** `cargo metadata` of the workspace's own packages. */
export function packages(root) {
  const words = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
  const text = execFileSync("cargo", words, { cwd: root, encoding: "utf8", maxBuffer: 1 << 28, stdio: ["ignore", "pipe", "pipe"] });
  return JSON.parse(text).packages;
}

/** Every function and every variable. Throws one error that lists all faults. */
export function read(root, all) {
  const faults = [];
  const variables = define(all, "variables", faults);
  const groups = define(all, "variable-groups", faults);
  for (const name of groups.keys()) if (variables.has(name)) faults.push(`${name} is a variable and a group`);
  for (const [name, variable] of variables) checkVariable(name, variable, faults);
  const database = databases(all, variables, faults);
  const functions = all
    .filter((crate) => crate.metadata?.function)
    .map((crate) => describe(root, crate, variables, groups, database, faults))
    .sort((one, other) => (one.folder < other.folder ? -1 : 1));
  checkNames(functions, faults);
  checkOverlaps(functions, faults);
  if (functions.filter((each) => each.fallback).length > 1) faults.push("only one function can be the fallback");
  const used = new Set(functions.flatMap(({ component }) => [...component.variables, ...component.outboundHosts]));
  for (const name of variables.keys()) if (!used.has(name)) faults.push(`no function takes the variable ${name}`);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  return { functions, variables };
}

/** What all crates define under one key, by name. */
function define(all, key, faults) {
  const found = new Map();
  for (const crate of all) {
    for (const [name, definition] of Object.entries(crate.metadata?.[key] ?? {})) {
      if (found.has(name)) faults.push(`${crate.name}: ${name} is defined twice`);
      found.set(name, definition);
    }
  }
  return found;
}

/** What each component with a database takes: variables, and hosts that it may reach. */
function databases(all, variables, faults) {
  const given = all.map((crate) => crate.metadata?.database ?? {});
  const named = (key) => given.flatMap((each) => each[key] ?? []);
  const found = { variables: named("variables"), outboundHosts: named("outbound-hosts") };
  for (const name of [...found.variables, ...found.outboundHosts]) {
    if (!variables.has(name)) faults.push(`the database: there is no variable ${name}`);
  }
  return found;
}

function checkVariable(name, variable, faults) {
  const unknown = Object.keys(variable).filter((key) => !["default", "secret", "required"].includes(key));
  if (!/^[a-z][a-z0-9_]*$/.test(name)) faults.push(`the variable ${name} must be written in lower case`);
  if (unknown.length > 0) faults.push(`the variable ${name} cannot have ${unknown.join(", ")}`);
  if (variable.required && variable.default !== undefined) faults.push(`${name} is required and has a default`);
}

function describe(root, crate, variables, groups, database, faults) {
  const given = crate.metadata.function;
  const fault = (text) => faults.push(`${crate.name}: ${text}`);
  const folder = relative(root, dirname(crate.manifest_path));
  if (basename(folder) !== crate.name) fault(`its folder is called ${basename(folder)}`);
  for (const key of Object.keys(given)) if (!KEYS.includes(key)) fault(`there is no key ${key}; there are ${KEYS.join(", ")}`);
  // What falls due without a caller is asked for there, wherever the runtime has no triggers of its own.
  const due = given.due ?? false;
  const routes = [...(given.routes ?? []), ...(due ? [`/system/due/${crate.name}`] : [])];
  if (routes.length === 0) fault("it has no routes");
  for (const route of routes) {
    if (!/^\/$|^(\/(:?[A-Za-z0-9_.-]+))*(\/\.\.\.)?$/.test(route)) fault(`${route} is no route`);
  }
  const own = Object.keys(crate.metadata.variables ?? {});
  const hosts = given["outbound-hosts"] ?? [];
  for (const host of hosts) if (!variables.has(host)) fault(`there is no variable ${host}`);
  const listed = expand([...(given.variables ?? []), ...(due ? ["due_token"] : []), ...own], variables, groups, fault);
  const exemption = given["size-exemption"];
  if (exemption && !(exemption.kb > 0 && exemption.reason)) fault("a size-exemption has kb and a reason");
  const cpuMs = given["cpu-ms"];
  if (cpuMs !== undefined && !(Number.isInteger(cpuMs) && cpuMs > 0)) fault("cpu-ms is a number of milliseconds");
  const bindings = given.bindings ?? ["database"];
  for (const binding of bindings) if (!BINDINGS.includes(binding)) fault(`there is no binding ${binding}`);
  // A host that only the manifest of Spin lists is not given to the function.
  const taken = listed.filter((name) => !hosts.includes(name));
  const besides = bindings.includes("database") ? database : { variables: [], outboundHosts: [] };
  return {
    name: crate.name,
    folder,
    binding: crate.name.toUpperCase().replaceAll("-", "_"),
    routes,
    fallback: given.fallback ?? false,
    variables: taken,
    bindings,
    // What the function takes as a component of Spin.
    component: {
      variables: [...taken, ...besides.variables].sort(),
      outboundHosts: [...hosts, ...besides.outboundHosts],
    },
    sizeExemption: exemption,
    cpuMs,
    due,
    deployed: given.deployed ?? true,
    // Without it there is no router of operations: such a function serves files.
    operations: (crate.dependencies ?? []).some(({ name, kind }) => name === "chancery-service" && kind === null),
    watched: ["src", "static"].filter((part) => existsSync(join(root, folder, part))),
  };
}

/** Names of variables and of groups, as a sorted list of variables. */
function expand(names, variables, groups, fault, seen = new Set()) {
  for (const name of names) {
    if (seen.has(name)) continue;
    seen.add(name);
    if (groups.has(name)) expand(groups.get(name), variables, groups, fault, seen);
    else if (!variables.has(name)) fault(`there is no variable and no group ${name}`);
  }
  return [...seen].filter((name) => variables.has(name)).sort();
}

function checkNames(functions, faults) {
  const folders = new Map();
  for (const { name, folder } of functions) {
    if (folders.has(name)) faults.push(`${folder} and ${folders.get(name)} have the same name`);
    folders.set(name, folder);
  }
}

function checkOverlaps(functions, faults) {
  const all = functions.flatMap(({ name, routes }) => routes.map((route) => ({ name, route })));
  all.forEach((one, at) => {
    for (const other of all.slice(at + 1)) {
      if (overlap(one.route, other.route)) faults.push(`${one.route} of ${one.name} and ${other.route} of ${other.name} share a path`);
    }
  });
}

/** Whether some path fits both routes. */
function overlap(one, other) {
  const [left, right] = [one.split("/"), other.split("/")];
  for (let at = 0; ; at++) {
    if (left[at] === "..." || right[at] === "...") return true;
    if (at === left.length || at === right.length) return left.length === right.length;
    const open = left[at].startsWith(":") || right[at].startsWith(":");
    if (left[at] !== right[at] && !open) return false;
  }
}
