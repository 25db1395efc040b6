// node tests/slugify.mjs < names.json: the slugs of names by the npm package slugify, with the options of the Config API.
//
//   asked      [name, …]
//   prints     [slug, …]
import { readFileSync } from 'node:fs';
import slugify from 'slugify';

const names = JSON.parse(readFileSync(0, 'utf8'));
process.stdout.write(JSON.stringify(names.map((name) => slugify(name, { lower: true, strict: true }))));
