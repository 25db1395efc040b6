// What scripts/manifests refuses in the functions' manifests, and what it makes of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { read } from "../../scripts/manifest/functions.mjs";
import { spinFile } from "../../scripts/manifest/spin.mjs";
import { functionFile, gatewayFile } from "../../scripts/manifest/wrangler.mjs";

const crate = (name, metadata) => ({ name, manifest_path: `/r/functions/api/${name}/Cargo.toml`, metadata });
const shared = crate("shared", {
  variables: { key: { secret: true, required: true }, level: { default: "1" }, host: { default: "https://a.invalid" } },
  "variable-groups": { signed: ["key"], all: ["signed", "level"] },
});
const good = { routes: ["/a/:id/..."], variables: ["all"], "outbound-hosts": ["host"] };
const one = (changes = {}) => crate("one", { function: { ...good, ...changes } });
const model = (...crates) => read("/r", [shared, ...crates]);
const deployment = {
  database: { name: "stored", id: "d1-id" },
  cache: { name: "cached", id: "kv-id" },
  routes: { one: [{ pattern: "a.example/*", zone_name: "example" }] },
  variables: { LEVEL: "2" },
};

const refused = [
  ["a key that does not exist", one({ route: [] }), "there is no key route"],
  ["no route", one({ routes: [] }), "it has no routes"],
  ["a route in another notation", one({ routes: ["/a/{id}"] }), "/a/{id} is no route"],
  ["an unknown variable", one({ variables: ["all", "other"] }), "no group other"],
  ["an unknown host", one({ "outbound-hosts": ["host", "other"] }), "there is no variable other"],
  ["an unknown binding", one({ bindings: ["queue"] }), "there is no binding queue"],
  ["an exemption without a reason", one({ "size-exemption": { kb: 300 } }), "kb and a reason"],
];
for (const [what, wrong, message] of refused) {
  test(`${what} is refused`, () => assert.throws(() => model(wrong), (error) => error.message.includes(message)));
}

test("a path may belong to one function only", () => {
  const other = (route) => crate("two", { function: { routes: [route] } });
  for (const route of ["/a/b", "/a/:other", "/a/b/c", "/:any/b/...", "/..."]) assert.throws(() => model(one(), other(route)), /share a path/, route);
  for (const route of ["/", "/b", "/ab/c"]) assert.equal(model(one(), other(route)).functions.length, 2, route);
});

test("a variable is defined once, and only if a function takes it", () => {
  assert.throws(() => model(one(), crate("two", { variables: { key: {} } })), /key is defined twice/);
  assert.throws(() => model(one({ variables: ["key"] })), /no function takes the variable level/);
});

test("all faults are reported at once", () => {
  assert.throws(() => model(one({ routes: ["a"], variables: ["other"] })), (error) => error.message.split("\n").length === 4);
});

test("a Worker gets the ids of the deployment, its routes, and the variables that it takes", () => {
  const text = functionFile(model(one({ bindings: ["database", "cache"] })).functions[0], deployment);
  for (const line of ['name = "chancery-one"', 'database_id = "d1-id"', 'id = "kv-id"', 'LEVEL = "2"', 'preview_database_id = "chancery"']) {
    assert.ok(text.split("\n").includes(line), line);
  }
  assert.ok(text.includes('routes = [{ pattern = "a.example/*", zone_name = "example" }]'));
  const plain = functionFile(model(crate("two", { function: { routes: ["/b"], variables: ["key"] } }), one()).functions[1], deployment);
  assert.ok(!/LEVEL|CACHE|routes/.test(plain), plain);
});

test("a component gets its variables, its database and the hosts that it may reach, and no secret a default", () => {
  const { functions, variables } = model(one({ fallback: true }));
  const text = spinFile(functions, variables, "0.1.0");
  for (const line of [
    "key = { required = true, secret = true }",
    'level = { default = "1" }',
    'route = "/a/:id/..."',
    'route = "/..."',
    'allowed_outbound_hosts = ["{{ host }}"]',
    'key = "{{ key }}"',
  ]) {
    assert.ok(text.split("\n").includes(line), line);
  }
  assert.ok(!text.includes('host = "{{ host }}"'), "a host that the manifest lists is not given to the function");
});

test("a component with a database takes what the database asks for, and a Worker does not", () => {
  const platform = crate("platform", {
    database: { variables: ["url"], "outbound-hosts": ["server"] },
    variables: { url: {}, server: { default: "https://b.invalid" } },
  });
  const { functions, variables } = model(one(), platform);
  const text = spinFile(functions, variables, "0.1.0");
  for (const line of ['allowed_outbound_hosts = ["{{ host }}", "{{ server }}"]', 'url = "{{ url }}"', 'url = { default = "" }']) {
    assert.ok(text.split("\n").includes(line), line);
  }
  assert.ok(!functions[0].variables.includes("url"));
  assert.throws(() => model(one({ bindings: [] }), platform), /no function takes the variable url/);
  assert.throws(() => model(one(), crate("platform", { database: { variables: ["absent"] } })), /no variable absent/);
});

test("the gateway is bound to every function", () => {
  const { functions } = model(one(), crate("two-b", { function: { routes: ["/b"] } }));
  const text = gatewayFile(functions, deployment);
  assert.ok(text.includes('binding = "ONE"\nservice = "chancery-one"'));
  assert.ok(text.includes('binding = "TWO_B"\nservice = "chancery-two-b"'));
});

test("due work has a path of its own, a token, and a trigger each minute on Workers", () => {
  const token = crate("token", { variables: { due_token: { secret: true } } });
  const [each] = model(token, one({ due: true })).functions;
  assert.deepEqual(each.routes, [...good.routes, "/system/due/one"]);
  assert(each.variables.includes("due_token"));
  assert.match(functionFile(each, deployment), /\[triggers\]\ncrons = \["\* \* \* \* \*"\]/);
  assert.doesNotMatch(functionFile(model(one()).functions[0], deployment), /triggers/);
});
