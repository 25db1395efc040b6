// The functions as other programs read them: the gateway's table, the crate that links all functions natively, and
// functions/registry.json for scripts and test hosts.
import { LOCAL, workerName } from "./wrangler.mjs";

const NOTE = "Written by scripts/manifests from the functions' Cargo.toml. Do not edit.";

export function registryFile(functions, variables) {
  const inCapitals = (names) => names.map((name) => name.toUpperCase());
  const registry = {
    note: NOTE,
    local: LOCAL,
    functions: functions.map(({ name, folder, binding, routes, variables, bindings, deployed, due, sizeExemption }) => ({
      name,
      folder,
      worker: workerName(name),
      binding,
      routes,
      variables: inCapitals(variables),
      bindings,
      deployed,
      due,
      sizeExemption,
    })),
    variables: Object.fromEntries([...variables].sort().map(([name, variable]) => [name.toUpperCase(), variable])),
  };
  return `${JSON.stringify(registry, null, 2)}\n`;
}

export function gatewayTable(functions) {
  const rows = functions.map(({ name, binding, routes }) => {
    const fields = [`name: ${literal(name)}`, `binding: ${literal(binding)}`, `routes: &[${routes.map(literal).join(", ")}]`];
    return `    Function { ${fields.join(", ")} },\n`;
  });
  return `//! ${NOTE}

use super::Function;

/// Every function behind the gateway. No path belongs to two functions, so the order carries no meaning.
pub const FUNCTIONS: &[Function] = &[
${rows.join("")}];
`;
}

export function linkedManifest(functions) {
  const dependencies = [...functions, { name: "gateway", folder: "functions/gateway" }].map(
    ({ name, folder }) => `${name} = { path = ${literal(`../../${folder}`)} }\n`,
  );
  return `# ${NOTE}
[package]
name = "functions"
version.workspace = true
edition.workspace = true
rust-version.workspace = true
license.workspace = true
publish.workspace = true

[lints]
workspace = true

[lib]
doctest = false
test = false

[dependencies]
axum.workspace = true
platform.workspace = true
service.workspace = true

${dependencies.sort().join("")}`;
}

export function linkedSource(functions) {
  const arms = functions.map(({ name }) => `        ${literal(name)} => Some(${crate(name)}::app(host).await),\n`);
  const withRows = functions.filter(({ operations }) => operations);
  const routes = withRows.map(({ name }) => `        ${literal(name)} => Some(${crate(name)}::routes()),\n`);
  const names = [...functions.map(({ name }) => crate(name)), "gateway"].sort();
  return `//! Every function, linked natively, for tests and measurements.
//! ${NOTE}

use axum::Router;
use platform::Host;
use service::Routes;

${names.map((name) => `pub use ${name};\n`).join("")}
/// The router of a function by its name in the gateway's table.
pub async fn app(name: &str, host: Host) -> Option<Router> {
    match name {
${arms.join("")}        _ => None,
    }
}

/// The operations of a function; a function that serves files has none.
pub fn routes(name: &str) -> Option<Routes> {
    match name {
${routes.join("")}        _ => None,
    }
}
`;
}

const literal = (value) => JSON.stringify(value);
const crate = (name) => name.replaceAll("-", "_");
