// The vault and the storage of a tenant of QNSP on the page for operators: secrets, leases, leaks and classification.
import assert from "node:assert/strict";
import { api, looksInto, tenant } from "./steps.mjs";

const says = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();
const rowOf = (page, name, text) => page.getByRole("table", { name, exact: true }).locator("tbody tr", { hasText: text });
const answersYes = (page, name) => page.getByRole("dialog").getByRole("button", { name, exact: true }).click();

export async function a_secret_is_revealed_rolled_back_and_destroyed(page, deployment) {
  const { apiKey } = tenant(deployment, "versions");
  const { get, post } = api(page, apiKey);
  for (const value of ["first-value", "second-value"]) await post("/vault/v1/versioned-secrets", { secretId: "db-password", value, metadata: { reason: `to ${value}` } });
  await looksInto(page, apiKey, "Secrets");
  await page.getByText("1 secret, 2 versions: 1 active, 1 deprecated, 0 destroyed.").waitFor();
  await page.getByRole("button", { name: "Versions of db-password" }).click();
  const row = (version) => rowOf(page, "Versions of db-password", `to ${version}-value`);
  assert.match(await row("second").textContent(), /^2active.*today/);
  assert.match(await row("first").textContent(), /^1deprecated/);
  const shown = async () => (await page.locator("main").textContent()).includes("first-value\n") || (await page.locator(".secret .code").allTextContents()).includes("first-value");
  assert.equal(await shown(), false);
  await page.isAccessible("versions of a secret");

  // A value is read for whoever confirms, and not before.
  const reads = async () => (await get("/vault/v1/versioned-secrets/db-password/audit")).events.filter((event) => event.action === "read").length;
  await page.getByRole("button", { name: "Reveal version 1" }).click();
  await answersYes(page, "Cancel");
  assert.equal(await reads(), 0);
  await page.getByRole("button", { name: "Reveal version 1" }).click();
  await answersYes(page, "Reveal");
  await page.locator(".secret .code", { hasText: "first-value" }).waitFor();
  assert.equal(await reads(), 1);
  await page.isAccessible("a revealed value");
  await page.getByRole("button", { name: "Hide", exact: true }).click();
  assert.equal(await shown(), false);

  await page.getByRole("button", { name: "Roll back to version 1" }).click();
  await answersYes(page, "Roll back");
  await says(page, "Version 3 has the value of version 1.");
  await page.getByRole("button", { name: "Destroy version 2" }).click();
  await page.getByLabel("Reason").fill("no longer used");
  await answersYes(page, "Destroy");
  await says(page, "Version 2 is destroyed.");
  const { versions } = await get("/vault/v1/versioned-secrets/db-password/history");
  assert.deepEqual(versions.map(({ version, state }) => [version, state]), [[3, "active"], [2, "destroyed"], [1, "deprecated"]]);
  await page.getByRole("button", { name: "Reveal version 2" }).waitFor({ state: "detached" });
}

export async function a_secret_of_another_name_is_found_and_an_unknown_one_is_refused(page, deployment) {
  const { tenantId, apiKey } = tenant(deployment, "named");
  await api(page, apiKey).post("/vault/v1/versioned-secrets", { secretId: "signing-key", value: "v" });
  const viewer = deployment.tool("qnsp", "key", "create", "--tenant", tenantId, "--role", "viewer", "--name", "viewer");
  await looksInto(page, viewer.apiKey, "Secrets");
  await page.getByLabel("Name of a secret").fill("unknown");
  await page.getByRole("button", { name: "Show its versions" }).click();
  await page.getByRole("alert").filter({ hasText: "No such secret" }).waitFor();
  await page.getByLabel("Name of a secret").fill("signing-key");
  await page.getByRole("button", { name: "Show its versions" }).click();
  await page.getByRole("heading", { name: "Versions of signing-key" }).waitFor();
  // Who may only look is told so, and sees no value.
  await page.getByRole("button", { name: "Reveal version 1" }).click();
  await answersYes(page, "Reveal");
  await page.locator("#announcement").filter({ hasText: /\S/ }).waitFor();
  assert.equal(await page.locator(".secret").count(), 0);
}

export async function a_lease_is_renewed_and_revoked(page, deployment) {
  const { apiKey } = tenant(deployment, "leases");
  const { get, post } = api(page, apiKey);
  const { configId } = await post("/vault/v1/dynamic-secrets/configs", { name: "short keys", type: "api_key", ttl: { default: "PT15M", max: "PT1H" } });
  const lease = () => post(`/vault/v1/dynamic-secrets/configs/${configId}/credentials`, {});
  const [kept, revoked] = [await lease(), await lease()];
  const status = async (credentials) => (await page.request.get("/tenant/v1/quotas/current", { headers: { authorization: `Bearer ${credentials.password}` } })).status();
  assert.equal(await status(revoked.credentials), 200);
  await looksInto(page, apiKey, "Leases");
  await page.getByText("2 active leases, 0 expired, 0 revoked.").waitFor();
  await page.getByRole("button", { name: "Leases of short keys" }).click();
  assert.match(await rowOf(page, "Leases of short keys", kept.leaseId).textContent(), /active.*1[45] minutes left/);
  await page.isAccessible("leases");
  const seen = await page.locator("main").textContent();
  assert.ok(!seen.includes(kept.credentials.password), "a credential is shown");

  await page.getByRole("button", { name: `Revoke lease ${revoked.leaseId}` }).click();
  await answersYes(page, "Revoke");
  await says(page, "The lease is revoked.");
  await rowOf(page, "Leases of short keys", revoked.leaseId).getByText("revoked").waitFor();
  assert.deepEqual([await status(revoked.credentials), await status(kept.credentials)], [401, 200]);
  await page.waitForTimeout(1100);
  await page.getByRole("button", { name: `Renew lease ${kept.leaseId}` }).click();
  await says(page, "The lease is renewed.");
  const { leases } = await get(`/vault/v1/dynamic-secrets/configs/${configId}/leases`);
  assert.ok(leases.find((one) => one.leaseId === kept.leaseId).expiresAt > kept.expiresAt);
}

export async function an_incident_is_looked_into_and_resolved(page, deployment) {
  const { apiKey } = tenant(deployment, "leaks");
  const { get, post } = api(page, apiKey);
  const path = "/vault/v1/leakage-detection";
  await post(`${path}/policies`, { name: "keys of ours", secretPatterns: [{ type: "keyword", pattern: "qnsp_pqc_" }], scanTargets: ["github"] });
  const report = (secretId, severity) => post(`${path}/incidents`, { secretId, source: "github", location: "acme/shop", severity, details: { path: "config.yml" } });
  const { incidentId } = await report("db-password", "critical");
  const other = await report("signing-key", "low");
  await looksInto(page, apiKey, "Leaks");
  await page.getByText("2 open of 2; 0 are closed.").waitFor();
  await page.getByRole("img", { name: "Incidents by severity. critical: 1, high: 0, medium: 0, low: 1" }).waitFor();
  await page.getByRole("table", { name: "Policies" }).getByText("keys of ours").waitFor();
  await page.getByLabel("Severity (optional)").selectOption("critical");
  await page.getByRole("button", { name: "Show", exact: true }).last().click();
  await page.getByText("signing-key").waitFor({ state: "detached" });
  const opens = async () => {
    await page.getByRole("button", { name: "Open the incident of db-password" }).click();
    await page.getByRole("list", { name: "Timeline" }).waitFor();
  };
  await opens();
  await page.getByText("config.yml").waitFor();
  await page.isAccessible("an incident");
  await page.getByRole("button", { name: "Investigate" }).click();
  await says(page, "The incident is being investigated.");
  await opens();
  assert.equal(await page.getByRole("button", { name: "Investigate" }).count(), 0);
  await page.getByRole("button", { name: "Resolve", exact: true }).click();
  await answersYes(page, "Resolve");
  await page.getByText("Please say it in a few words.").waitFor();
  await page.getByLabel("Resolution").fill("The password was replaced");
  await answersYes(page, "Resolve");
  await says(page, "The incident is resolved.");
  await opens();
  assert.deepEqual(await page.getByRole("list", { name: "Timeline" }).locator("strong").allTextContents(), ["Found", "Changed", "Changed"]);
  assert.equal(await page.getByRole("button", { name: "False positive" }).count(), 0);
  const { status, timeline } = await get(`${path}/incidents/${incidentId}`);
  assert.deepEqual([status, timeline.at(-1).notes], ["resolved", "The password was replaced"]);
  assert.equal((await get(`${path}/incidents/${other.incidentId}`)).status, "open");
}

export async function a_false_positive_is_one_for_a_reason(page, deployment) {
  const { apiKey } = tenant(deployment, "examples");
  const { get, post } = api(page, apiKey);
  const path = "/vault/v1/leakage-detection/incidents";
  const { incidentId } = await post(path, { secretId: "example-token", source: "gitlab", severity: "high" });
  const status = async () => (await get(`${path}/${incidentId}`)).status;
  await looksInto(page, apiKey, "Leaks");
  const opens = async () => {
    await page.getByRole("button", { name: "Open the incident of example-token" }).click();
    await page.getByRole("list", { name: "Timeline" }).waitFor();
  };
  await opens();
  await page.getByRole("button", { name: "False positive" }).click();
  await page.isAccessible("a false positive is asked for");
  await answersYes(page, "It is a false positive");
  await page.getByText("Please say it in a few words.").waitFor();
  await page.getByLabel("Why it is no leak").fill("x".repeat(2001));
  await answersYes(page, "It is a false positive");
  await page.getByText("Please say it in at most 2,000 characters.").waitFor();
  assert.equal(await status(), "open");
  await page.getByLabel("Why it is no leak").fill("The token of the manual's example");
  await answersYes(page, "It is a false positive");
  await says(page, "The incident is a false positive.");
  await opens();
  await page.getByRole("list", { name: "Timeline" }).getByText("The token of the manual's example").waitFor();
  assert.equal(await page.getByRole("button", { name: /^(Investigate|Resolve|False positive)$/ }).count(), 0);
  const { timeline } = await get(`${path}/${incidentId}`);
  const { to, notes } = timeline.at(-1);
  assert.deepEqual([await status(), to, notes], ["false_positive", "false_positive", "The token of the manual's example"]);
}
