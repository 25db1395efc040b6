// What npm's dotenv or js-yaml reads: `node read.mjs dotenv|yaml`, with an array of texts as JSON on standard input. An
// array of what they say stands on standard output, null where a text is refused.
import { readFileSync } from "node:fs";
import dotenv from "dotenv";
import * as yaml from "js-yaml";

const parse = { dotenv: dotenv.parse, yaml: yaml.load }[process.argv[2]];
const read = (text) => {
  try {
    return parse(text);
  } catch {
    return null;
  }
};
process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(read)));
