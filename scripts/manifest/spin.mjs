// spin.toml: all functions as one Spin application. Spin routes, and keeps their database and configuration.
import { heading, table } from "./toml.mjs";

export function spinFile(functions, variables, version) {
  const named = new Set(functions.flatMap(({ component }) => [...component.variables, ...component.outboundHosts]));
  const definitions = [...variables].filter(([name]) => named.has(name)).sort(([one], [other]) => (one < other ? -1 : 1));
  return [
    heading("the functions' Cargo.toml"),
    "spin_manifest_version = 2\n",
    table("application", {
      name: "chancery",
      version,
      description: "Configuration, consent, secrets and licences as serverless functions",
    }),
    "# Given as SPIN_VARIABLE_<NAME> or by any other provider of Spin; the Workers have the same names in capitals.",
    `[variables]\n${definitions.map(([name, variable]) => `${name} = ${definition(variable)}\n`).join("")}`,
    ...functions.map(section),
  ].join("\n");
}

function definition({ default: value = "", secret, required }) {
  const members = [required ? "required = true" : `default = ${JSON.stringify(value)}`, ...(secret ? ["secret = true"] : [])];
  return `{ ${members.join(", ")} }`;
}

function section({ name, routes, fallback, bindings, component: { variables, outboundHosts } }) {
  const triggers = [...routes, ...(fallback ? ["/..."] : [])].map((route) => table("[trigger.http]", { route, component: name }));
  const grants = {
    source: `target/components/${name}.wasm`,
    ...(outboundHosts.length > 0 && { allowed_outbound_hosts: outboundHosts.map(reference) }),
    ...(bindings.includes("database") && { sqlite_databases: ["default"] }),
  };
  const given = Object.fromEntries(variables.map((variable) => [variable, reference(variable)]));
  return [
    ...triggers,
    table(`component.${name}`, grants),
    table(`component.${name}.build`, { command: `scripts/build --release --components ${name}` }),
    ...(variables.length > 0 ? [table(`component.${name}.variables`, given)] : []),
  ].join("\n");
}

const reference = (variable) => `{{ ${variable} }}`;
