// Drives every call of the published client of the Config API against a running deployment, and fails at the first
// answer that the client would not give its user: `node tests/console-sdk.mjs URL TOKEN`.
import assert from "node:assert/strict";
import { ConsoleClient } from "@cognipeer/console-sdk";

const [baseURL, apiKey] = process.argv.slice(2);
let requests = 0;
const counted = (...request) => (requests++, fetch(...request));
const { config } = new ConsoleClient({ baseURL, apiKey, fetch: counted });
const mask = "\u2022".repeat(8);

const group = await config.createGroup({ name: "SDK", key: "sdk", tags: ["a"], description: "by the client" });
assert.equal(group.key, "sdk");
assert.deepEqual((await config.listGroups({ tags: ["a"], search: "CLIENT" })).map(({ key }) => key), ["sdk"]);
assert.deepEqual((await config.getGroup("sdk")).items, []);
assert.equal((await config.updateGroup("sdk", { name: "Renamed" })).name, "Renamed");

const item = await config.createItem("sdk", { name: "Pool Size", value: "5", valueType: "number", tags: ["t"] });
assert.deepEqual([item.key, item.version], ["cfg-pool-size", 1]);
const secret = await config.createItem("sdk", { name: "Password", key: "pw", value: "s3cret", isSecret: true });
assert.equal(secret.value, mask);
assert.deepEqual((await config.listItems("sdk", { isSecret: true })).map(({ key }) => key), ["pw"]);
assert.equal((await config.getItem("pw")).value, mask);
assert.equal((await config.updateItem("cfg-pool-size", { value: "6" })).version, 2);
assert.deepEqual(await config.resolve({ keys: ["pw", "cfg-pool-size", "unknown"] }), {
  pw: { value: "s3cret", valueType: "string", version: 1 },
  "cfg-pool-size": { value: "6", valueType: "number", version: 2 },
});
assert.deepEqual((await config.auditLogs("pw", { limit: 10 })).map(({ action }) => action), ["read", "create"]);
await config.deleteItem("pw");
await config.deleteGroup("sdk");
await assert.rejects(config.getGroup("sdk"), /Config group not found/);
assert.equal(requests, 14, "no call was tried twice");
console.log(JSON.stringify({ requests }));
