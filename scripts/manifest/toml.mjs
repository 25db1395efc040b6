// The little TOML that the generated manifests need.

/** The first lines of a generated file. */
export const heading = (source) => `# Written by scripts/manifests from ${source}. Do not edit.\n`;

/** A table with its keys, in order; without a name, keys alone. */
export function table(name, keys) {
  const lines = Object.entries(keys).map(([key, value]) => `${key} = ${text(value)}\n`);
  return `${name === null ? "" : `[${name}]\n`}${lines.join("")}`;
}

/** A string, a boolean or a list of them. A basic string of TOML is written as one of JSON, but for DEL. */
export function text(value) {
  if (Array.isArray(value)) return `[${value.map(text).join(", ")}]`;
  return JSON.stringify(value).replaceAll("\u007f", "\\u007F");
}
