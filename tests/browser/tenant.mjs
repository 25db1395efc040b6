// What the API key of a tenant of QNSP shows on the page for operators.
import assert from "node:assert/strict";
import { api, looksInto, tenant } from "./steps.mjs";

export async function quotas_usage_and_revenue_are_what_the_api_says(page, deployment) {
  const { tenantId, apiKey } = tenant(deployment, "seen");
  const operators = deployment.tool("qnsp", "key", "create", "--tenant", tenantId, "--role", "platform_admin", "--name", "operator");
  await api(page, operators.apiKey).post("/billing/v1/meters", { meters: [{ tenantId, meterType: "kms.hsm.sign", quantity: 5000 }] });
  await looksInto(page, apiKey);
  await page.getByRole("region", { name: "Usage" }).locator("tbody tr").first().waitFor();
  const { quotas } = await api(page, apiKey).get("/tenant/v1/quotas/current");
  const shown = await page.getByRole("region", { name: "Quotas" }).locator("tbody tr").allTextContents();
  assert.equal(shown.length, quotas.length);
  quotas.forEach(({ quotaName }, index) => assert.ok(shown[index].includes(quotaName), shown[index]));
  const usage = await page.getByRole("region", { name: "Usage" }).locator("tbody tr").allTextContents();
  assert.ok(usage.some((row) => row.startsWith("kms.hsm.sign") && row.includes("5,000")), usage.join("\n"));
  await page.isAccessible("quotas and usage");
  await page.getByRole("button", { name: "Revenue", exact: true }).click();
  await page.getByRole("img", { name: /^Revenue by month/ }).waitFor();
  const { totalRevenue, currency } = await api(page, apiKey).get("/billing/v1/analytics/revenue/summary");
  assert.ok(totalRevenue > 0);
  const money = new Intl.NumberFormat("en-US", { style: "currency", currency }).format(totalRevenue);
  await page.getByRole("img", { name: money }).waitFor();
  await page.isAccessible("revenue");
}

export async function events_are_followed_as_they_are_recorded(page, deployment) {
  const { apiKey } = tenant(deployment, "followed");
  const record = (eventType) => api(page, apiKey).post("/audit/v1/events", { eventType, payload: { by: "<b>nobody</b>" } });
  await record("orders.first");
  await looksInto(page, apiKey, "Events");
  const list = page.getByRole("list", { name: "Events" });
  await list.getByText("orders.first").waitFor();
  await page.getByRole("button", { name: "Follow" }).click();
  await record("orders.second");
  await list.getByText("orders.second").waitFor();
  assert.equal(await list.getByText("orders.second").count(), 1);
  assert.match(await list.locator("li").first().textContent(), /orders\.second/);
  await list.locator("summary").first().click();
  await list.getByText('"by": "<b>nobody</b>"').first().waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  await page.getByRole("button", { name: "Follow" }).waitFor();
  await record("orders.third");
  await page.waitForTimeout(2500);
  assert.equal(await list.getByText("orders.third").count(), 0);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML]));
  assert.ok(!kept.includes(apiKey), "the API key is kept in the page");
}

export async function a_wrong_api_key_is_refused(page) {
  await looksInto(page, "qnsp_pqc_0000000000000000000000000000000000000000");
  await page.getByRole("alert").filter({ hasText: "is not known" }).waitFor();
}

export async function access_is_approved_denied_and_revoked_by_somebody_else(page, deployment) {
  const { tenantId, apiKey } = tenant(deployment, "access");
  const requester = deployment.tool("qnsp", "key", "create", "--tenant", tenantId, "--role", "developer", "--name", "requester");
  const asks = (key, path, data) => api(page, key).post(`/access/v1/jit${path}`, data);
  const wanted = (resourceId) => ({ resourceType: "database", resourceId, permissions: ["read"], justification: "to look into a fault", duration: 30 });
  for (const resourceId of ["orders", "payroll"]) await asks(requester.apiKey, "/requests", wanted(resourceId));
  const own = await asks(apiKey, "/requests", wanted("of-ones-own"));
  const has = async (resourceId) => (await asks(apiKey, "/check", { principalId: requester.userId, resourceType: "database", resourceId, permission: "read" })).hasAccess;

  await looksInto(page, apiKey, "Access");
  await page.getByRole("button", { name: /^Approve database\/orders/ }).click();
  await page.getByRole("status").filter({ hasText: "The request is approved." }).waitFor();
  assert.equal(await has("orders"), true);
  await page.getByRole("button", { name: /^Deny database\/payroll/ }).click();
  await page.getByRole("button", { name: "Deny", exact: true }).last().click();
  await page.getByText("Please give a reason.").waitFor();
  await page.getByLabel("Reason").fill("not today");
  await page.getByRole("button", { name: "Deny", exact: true }).last().click();
  await page.getByRole("status").filter({ hasText: "The request is denied." }).waitFor();
  assert.equal(await has("payroll"), false);
  // Nobody decides on their own request; the page says why.
  await page.getByRole("button", { name: /^Approve database\/of-ones-own/ }).click();
  await page.getByRole("status").filter({ hasText: "Nobody processes their own request" }).waitFor();
  assert.ok(own.requestId);

  await looksInto(page, apiKey, "Access");
  await page.getByRole("button", { name: /^Revoke database\/orders/ }).waitFor();
  await page.isAccessible("requests and grants");
  await page.getByRole("button", { name: /^Revoke database\/orders/ }).click();
  await page.getByLabel("Reason").fill("done");
  await page.getByRole("button", { name: "Revoke", exact: true }).last().click();
  await page.getByText("Nobody has access for a time.").waitFor();
  assert.equal(await has("orders"), false);
}

export async function who_reaches_what_is_drawn(page, deployment) {
  const { apiKey } = tenant(deployment, "graph");
  const { post } = api(page, apiKey);
  await post("/access/v1/policies", { name: "readers", statement: { effect: "allow", principals: ["user:ada", "user:grace"], resources: ["document/*"], actions: ["read"] } });
  const asks = (user, document) => post("/access/v1/simulate", { principal: { type: "user", id: user }, resource: { type: "document", id: document }, action: "read" });
  for (const [user, document] of [["ada", "plan"], ["ada", "plan"], ["ada", "budget"], ["grace", "plan"], ["nobody", "plan"]]) await asks(user, document);
  await looksInto(page, apiKey, "Access");
  await page.getByRole("img", { name: "Who reaches what. 3 ways from 2 to 2." }).waitFor();
  await page.getByText("As a table").click();
  const rows = await page.getByRole("region", { name: "Ways" }).locator("tbody tr").allTextContents();
  assert.deepEqual(rows.sort(), ["adadocument/budget1", "adadocument/plan2", "gracedocument/plan1"]);
  await page.isAccessible("who reaches what");
}

export async function a_budget_that_is_used_up_is_shown_and_acknowledged(page, deployment) {
  const { apiKey } = tenant(deployment, "costs");
  await looksInto(page, apiKey, "Costs");
  await page.getByLabel("Name of the budget").fill("Machines");
  await page.getByLabel("Amount").fill("100");
  await page.getByRole("button", { name: "Make the budget" }).click();
  await page.getByRole("status").filter({ hasText: "The budget Machines is made." }).waitFor();
  const now = new Date();
  const month = (offset) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + offset)).toISOString();
  await api(page, apiKey).post("/observability/v1/costs/allocations", {
    resourceId: "vm-1", resourceType: "vm", costCenter: "research", amount: 90, currency: "USD", period: { start: month(0), end: month(1) },
  });
  await page.getByRole("button", { name: "Costs", exact: true }).click();
  await page.getByRole("button", { name: /^Acknowledge budget:/ }).waitFor();
  assert.match(await page.getByRole("region", { name: "Costs by service" }).textContent(), /90\.00/);
  await page.isAccessible("costs");
  await page.getByRole("button", { name: /^Acknowledge budget:/ }).click();
  await page.getByText("acknowledged", { exact: true }).waitFor();
  const { anomalies } = await api(page, apiKey).get("/observability/v1/anomaly-detection/anomalies");
  assert.deepEqual(anomalies.map(({ severity, status }) => [severity, status]), [["high", "acknowledged"]]);
}

export async function a_dashboard_is_drawn_with_its_data(page, deployment) {
  const { apiKey } = tenant(deployment, "dashboards");
  const { post } = api(page, apiKey);
  for (const apiLatencyP99 of [12, 30]) await post("/tenant/v1/health/snapshots", { metrics: { apiLatencyP99, errorRate: 0, activeUsers: 5, storageUsage: 1 } });
  const panel = (type, title, query, x, y) => ({ type, title, query, position: { x, y, w: 6, h: 1 } });
  await post("/observability/v1/dashboards", {
    name: "Health", description: "How the tenant is", layout: { columns: 12, rows: 2 },
    panels: [
      panel("metric", "Latency", "tenant.apiLatencyP99", 0, 0),
      panel("chart", "Latency over time", "tenant.apiLatencyP99", 6, 0),
      panel("table", "Greatest latency", "max(tenant.apiLatencyP99[24h])", 0, 1),
      panel("text", "Note", "Look here first", 6, 1),
    ],
  });
  await looksInto(page, apiKey, "Dashboards");
  await page.getByRole("button", { name: "Show Health" }).click();
  const shown = (name) => page.getByRole("region", { name, exact: true }).first().textContent();
  await page.getByRole("img", { name: "Latency over time: from 12 to 30, last 30" }).waitFor();
  assert.match(await shown("Latency"), /^Latency30/);
  assert.match(await shown("Greatest latency"), /30/);
  assert.match(await shown("Note"), /Look here first/);
  await page.isAccessible("a dashboard");
}

export async function attack_paths_are_drawn_and_an_execution_is_approved(page, deployment) {
  const { tenantId, apiKey } = tenant(deployment, "security");
  const { get, post } = api(page, apiKey);
  const asset = async (name, type, flags = []) => (await post("/security/v1/attack-surface/assets", { name, type, flags })).assetId;
  const [user, server, vault] = [await asset("Ada", "user"), await asset("Web server", "server", ["open_incident"]), await asset("Payroll", "database")];
  for (const [sourceAssetId, targetAssetId] of [[user, server], [server, vault]]) await post("/security/v1/attack-surface/connections", { sourceAssetId, targetAssetId, type: "network" });
  const playbook = await post("/security/v1/playbooks", { name: "Block", triggerConditions: { eventTypes: ["never.*"] }, actions: [{ type: "block", requiresApproval: true }] });
  const other = deployment.tool("qnsp", "key", "create", "--tenant", tenantId, "--role", "developer", "--name", "other");
  await api(page, other.apiKey).post("/security/v1/playbooks/execute", { playbookId: playbook.playbookId, context: { targetResources: ["user:mallory"] } });

  await looksInto(page, apiKey, "Security");
  await page.getByLabel("Asset").selectOption(vault);
  await page.getByRole("button", { name: "Find the ways to it" }).click();
  const ways = page.getByRole("list", { name: /^Way / });
  await ways.first().waitFor();
  const { attackPaths } = await post("/security/v1/attack-surface/analyze", { targetAsset: vault });
  assert.equal(await ways.count(), attackPaths.length);
  assert.deepEqual(await ways.first().locator("strong").allTextContents(), ["Ada", "Web server", "Payroll"]);
  await page.isAccessible("attack paths");
  await page.getByRole("table", { name: "Playbooks that wait" }).getByText("Block", { exact: true }).waitFor();
  await page.getByRole("button", { name: /^Approve execution/ }).click();
  await page.getByText("No playbook waits for an approval.").waitFor();
  const { executions } = await get("/security/v1/playbooks/executions");
  assert.deepEqual(executions.map((one) => one.status), ["completed"]);
}
