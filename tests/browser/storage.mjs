// The documents of a tenant of QNSP on the page for operators: how they are classified, and what keeps them.
import assert from "node:assert/strict";
import { api, looksInto, tenant } from "./steps.mjs";

export async function documents_are_scanned_and_their_classification_is_drawn(page, deployment) {
  const { apiKey } = tenant(deployment, "classified");
  const { get, post } = api(page, apiKey);
  const write = (name, content) => post("/storage/v1/documents", { bucket: "letters", name, content });
  const secret = await write("payroll", "iban DE00 1234");
  await write("menu", "soup");
  await post("/storage/v1/classification/policies", { name: "accounts", rules: [{ pattern: "iban", classification: "restricted", dataTypes: ["pii"] }] });
  await post("/storage/v1/retention/holds", { name: "lawsuit", reason: "a claim", scope: { objectIds: [secret.documentId] } });
  await looksInto(page, apiKey, "Classification");
  await page.getByText("0 of 2 documents are classified.").waitFor();
  await page.getByRole("cell", { name: "accounts" }).waitFor();
  await page.getByRole("button", { name: "Start a scan" }).click();
  await page.getByText("2 documents are scanned, 1 of them classified.").waitFor();
  const { byClassification, byDataType } = await get("/storage/v1/classification/stats");
  const said = (counts) => Object.entries(counts).map(([name, count]) => `${name}: ${count}`).join(", ");
  assert.equal(byClassification.restricted, 1);
  await page.getByRole("img", { name: `Documents by classification. ${said(byClassification)}` }).waitFor();
  await page.getByRole("img", { name: `Documents by data type. ${said(byDataType)}` }).waitFor();
  const row = (name) => page.getByRole("table", { name: "Documents", exact: true }).locator("tbody tr", { hasText: name });
  await row("payroll").filter({ hasText: /letters.*restricted.*pii/ }).waitFor();
  await page.getByRole("button", { name: "What keeps it: payroll" }).click();
  const { holds } = await get(`/storage/v1/documents/${secret.documentId}`);
  assert.equal(holds.length, 1);
  await page.getByText(holds[0]).waitFor();
  await page.getByText("No policy retains it.").waitFor();
  await page.isAccessible("classification");
  await page.getByLabel("Name prefix (optional)").last().fill("men");
  await page.getByRole("button", { name: "Show", exact: true }).last().click();
  await row("payroll").waitFor({ state: "detached" });
  assert.equal(await row("menu").count(), 1);
}
