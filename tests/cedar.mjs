// node tests/cedar.mjs < asked.json: the decisions of Cedar, by its own WebAssembly build.
//
//   asked      [call of isAuthorized, …]
//   prints     [{decision: 'allow'|'deny', by: [id of a policy, …]}, …]
import { readFileSync } from 'node:fs';
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs';

function decided(call) {
  const answer = isAuthorized(call);
  if (answer.type !== 'success') throw new Error(JSON.stringify({ errors: answer.errors, call }));
  const { decision, diagnostics } = answer.response;
  return { decision, by: diagnostics.reason.toSorted() };
}

process.stdout.write(JSON.stringify(JSON.parse(readFileSync(0, 'utf8')).map(decided)));
