// node scripts/shrink-component.mjs IN OUT: runs wasm-opt over the core modules inside a component.
// wasm-opt itself does not read components; their core modules are plain sections of the file, and
// optimising one changes neither its imports nor its exports, so that the rest stays as it is.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CORE_MODULE = 1;
const PREAMBLE = 8;

// Both are set by scripts/env.
const { WASM_OPT_BIN, WASM_OPT_OPTIONS } = process.env;
const [input, output] = process.argv.slice(2);
const component = readFileSync(input);
const folder = mkdtempSync(join(tmpdir(), "shrink-"));
try {
  const parts = [component.subarray(0, PREAMBLE)];
  for (let at = PREAMBLE; at < component.length; ) {
    const id = component[at];
    const [length, body] = readLength(component, at + 1);
    const end = body + length;
    if (id === CORE_MODULE) {
      const module = optimise(component.subarray(body, end));
      parts.push(Buffer.from([id]), writeLength(module.length), module);
    } else {
      parts.push(component.subarray(at, end));
    }
    at = end;
  }
  writeFileSync(output, Buffer.concat(parts));
} finally {
  rmSync(folder, { recursive: true });
}

function optimise(module) {
  const [before, after] = [join(folder, "before.wasm"), join(folder, "after.wasm")];
  writeFileSync(before, module);
  execFileSync(WASM_OPT_BIN, [...WASM_OPT_OPTIONS.split(/\s+/), before, "-o", after]);
  return readFileSync(after);
}

// LEB128, as the format writes every length.
function readLength(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7, at++) {
    value += (bytes[at] & 0x7f) * 2 ** shift;
    if (!(bytes[at] & 0x80)) return [value, at + 1];
  }
}

function writeLength(value) {
  const bytes = [];
  do {
    const rest = Math.floor(value / 128);
    bytes.push((value % 128) | (rest > 0 ? 0x80 : 0));
    value = rest;
  } while (value > 0);
  return Buffer.from(bytes);
}
