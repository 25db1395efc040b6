// node scripts/sbom.mjs VERSION: prints the bill of materials of a release as CycloneDX 1.6: the crates that the functions
// and the tool are made of, by cargo's metadata and Cargo.lock; the npm packages that serve them, by package-lock.json;
// and the viewer of the API reference. What only builds or tests is not in it.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const read = (file) => readFileSync(join(root, file), "utf8");
const checksums = readChecksums();

// Each part is a component, the references of what it depends on, and whether the project itself depends on it.
const parts = [...crates(), ...npmPackages(), viewer()].sort((one, other) => (one.component.purl < other.component.purl ? -1 : 1));
const refs = (some) => some.map(({ component }) => component.purl);
const document = {
  $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
  bomFormat: "CycloneDX",
  specVersion: "1.6",
  version: 1,
  metadata: {
    component: { type: "application", "bom-ref": "chancery", name: "chancery", version: process.argv[2], licenses: [{ expression: "Apache-2.0" }] },
  },
  components: parts.map(({ component }) => component),
  dependencies: [
    { ref: "chancery", dependsOn: refs(parts.filter(({ direct }) => direct)) },
    ...parts.map(({ component, dependsOn }) => ({ ref: component.purl, dependsOn: [...new Set(dependsOn)].sort() })),
  ],
};
console.log(JSON.stringify(document, null, 1));

// --- Crates -------------------------------------------------------------------------------------------

function crates() {
  const functions = JSON.parse(read("functions/registry.json")).functions.filter(({ deployed }) => deployed).map(({ name }) => name);
  const found = new Map();
  for (const target of ["wasm32-unknown-unknown", "wasm32-wasip2"]) collect(found, target, ["gateway", ...functions]);
  collect(found, hostTarget(), ["chancery"]);
  return [...found.values()].map(({ dependsOn, ...part }) => ({ ...part, dependsOn: [...dependsOn] }));
}

/** Adds what the packages of this workspace with these names are made of for a target. */
function collect(found, target, names) {
  const words = ["metadata", "--format-version", "1", "--locked", "--filter-platform", target];
  const metadata = JSON.parse(execFileSync("cargo", words, { cwd: root, encoding: "utf8", maxBuffer: 1 << 30 }));
  const packages = new Map(metadata.packages.map((each) => [each.id, each]));
  const isOurs = (id) => packages.get(id).source === null;
  const isCode = ({ pkg, dep_kinds }) =>
    dep_kinds.some(({ kind }) => kind === null) && !packages.get(pkg).targets.some(({ kind }) => kind.includes("proc-macro"));
  const edges = new Map(metadata.resolve.nodes.map(({ id, deps }) => [id, deps.filter(isCode).map(({ pkg }) => pkg)]));
  const reached = new Set([...edges.keys()].filter((id) => isOurs(id) && names.includes(packages.get(id).name)));
  for (const id of reached) for (const next of edges.get(id)) reached.add(next);
  const direct = new Set([...reached].filter(isOurs).flatMap((id) => edges.get(id)));

  const purl = ({ name, version }) => `pkg:cargo/${name}@${encodeURIComponent(version)}`;
  for (const id of [...reached].filter((id) => !isOurs(id))) {
    const each = packages.get(id);
    const before = found.get(purl(each));
    found.set(purl(each), {
      component: before?.component ?? crate(each, purl(each)),
      dependsOn: new Set([...(before?.dependsOn ?? []), ...edges.get(id).map((next) => purl(packages.get(next)))]),
      direct: before?.direct || direct.has(id),
    });
  }
}

function crate({ name, version, license }, purl) {
  const sum = checksums.get(`${name} ${version}`);
  // Before SPDX, a slash stood for a choice.
  return component(name, version, purl, license?.replace(/\s*\/\s*/g, " OR "), sum && { alg: "SHA-256", content: sum });
}

function hostTarget() {
  return /^host: (.+)$/m.exec(execFileSync("rustc", ["-vV"], { encoding: "utf8" }))[1];
}

function readChecksums() {
  const blocks = read("Cargo.lock").split("[[package]]").slice(1);
  const value = (block, key) => new RegExp(`^${key} = "(.+)"$`, "m").exec(block)?.[1];
  return new Map(blocks.map((block) => [`${value(block, "name")} ${value(block, "version")}`, value(block, "checksum")]));
}

// --- What comes from npm ----------------------------------------------------------------------------------

function npmPackages() {
  const { packages } = JSON.parse(read("package-lock.json"));
  const fits = ({ os, cpu }) => (os?.includes(process.platform) ?? true) && (cpu?.includes(process.arch) ?? true);
  const served = new Map(Object.entries(packages).filter(([path, each]) => path !== "" && !each.dev && fits(each)));
  const nameOf = (path) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
  const purlOf = (path) => npmPurl(nameOf(path), served.get(path).version);
  const direct = new Set(Object.keys(packages[""].dependencies).map((name) => `node_modules/${name}`));
  const found = [...served].map(([path, { version, license, integrity, dependencies, optionalDependencies }]) => ({
    component: component(nameOf(path), version, purlOf(path), license, sha512(integrity)),
    dependsOn: Object.keys({ ...dependencies, ...optionalDependencies })
      .map((name) => resolved(served, path, name))
      .filter(Boolean)
      .map(purlOf),
    direct: direct.has(path),
  }));
  // One version may lie in several folders.
  return [...new Map(found.map((each) => [each.component.purl, each])).values()];
}

/** Where Node finds the package `name` from the package at `path`. */
function resolved(packages, path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const candidate = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (packages.has(candidate)) return candidate;
    if (at === "") return undefined;
  }
}

/** One file of a package, that the function `reference` serves; scripts/env tells which. */
function viewer() {
  const setting = (name) => new RegExp(`^VIEWER_${name}=(.+)$`, "m").exec(read("scripts/env"))[1];
  const [name, version] = [setting("PACKAGE"), setting("VERSION")];
  const hash = sha512(`sha512-${setting("SHA512")}`);
  return { component: component(name, version, npmPurl(name, version), "MIT", hash), dependsOn: [], direct: true };
}

function npmPurl(name, version) {
  return `pkg:npm/${name.replace("@", "%40")}@${encodeURIComponent(version)}`;
}

function sha512(integrity) {
  return { alg: "SHA-512", content: Buffer.from(integrity.replace("sha512-", ""), "base64").toString("hex") };
}

function component(name, version, purl, licence, hash) {
  return {
    type: "library",
    "bom-ref": purl,
    name,
    version,
    ...(hash && { hashes: [hash] }),
    ...(licence && { licenses: [{ expression: licence }] }),
    purl,
  };
}
