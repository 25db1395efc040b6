// What a person does again and again on the way through the portal.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

export const PASSWORD = "correct horse battery staple";
export const anybody = () => `ada-${randomBytes(6).toString("hex")}@example.com`;

/** The address in the newest mail to somebody, as the operator's tool shows it. */
export function mailedLink(deployment, email, kind) {
  const mail = deployment.tool("mail", "list").data.find((one) => one.to === email && one.kind === kind);
  assert.ok(mail, `no mail ${kind} to ${email}`);
  const { text } = deployment.tool("mail", "show", mail.id);
  const address = text.match(/https?:\S+/)[0];
  assert.ok(address.startsWith(`${deployment.url}/portal/ui/`), address);
  return address;
}

export const approve = (deployment, email) => deployment.tool("developer", "approve", email);

export async function registers(page, email) {
  await page.opens("/portal/ui/register");
  await page.getByLabel("Full Name").fill("Ada Lovelace");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.submits();
  await page.getByRole("heading", { name: "Please look into your mail" }).waitFor();
}

export async function confirms(page, deployment, email) {
  await page.opens(mailedLink(deployment, email, "verify-account"));
  assert.ok(!page.url().includes("token"), "the token stays in the address");
  await page.getByRole("button", { name: "Confirm my address" }).click();
  await page.getByRole("heading", { name: "is confirmed" }).waitFor();
}

export async function logsIn(page, email, password = PASSWORD) {
  await page.opens("/portal/ui/log-in");
  await page.getByLabel("E-mail address").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.submits();
}

export async function member(page, deployment) {
  const email = anybody();
  await registers(page, email);
  await confirms(page, deployment, email);
  approve(deployment, email);
  await logsIn(page, email);
  await page.getByRole("heading", { name: "Welcome, Ada Lovelace" }).waitFor();
  return email;
}

/** The page for operators with a licence key, and a view of its console. */
export async function opened(page, licence, view) {
  await page.opens("/portal/ui/operator");
  await page.getByLabel("Licence key", { exact: true }).last().fill(licence);
  await page.getByRole("button", { name: "Use this key" }).click();
  if (view) await page.getByRole("group", { name: "What is shown of the deployment" }).getByRole("button", { name: view, exact: true }).click();
}

/** A tenant of QNSP with a key of its owner. */
export function tenant(deployment, name, ...attributes) {
  const { tenantId } = deployment.tool("qnsp", "tenant", "create", name, "--tier", "enterprise-pro", ...attributes);
  const { apiKey } = deployment.tool("qnsp", "key", "create", "--tenant", tenantId, "--role", "owner", "--name", "browser");
  return { tenantId, apiKey };
}

export async function looksInto(page, apiKey, view) {
  await page.opens("/portal/ui/operator");
  await page.getByLabel("API key", { exact: true }).last().fill(apiKey);
  await page.getByRole("button", { name: "Look into the tenant" }).click();
  if (view) await page.getByRole("button", { name: view, exact: true }).click();
}

/** Calls of the API beside the page, in the name of a key. */
export function api(page, apiKey) {
  const ask = async (method, path, data) => {
    const answer = await page.request.fetch(path, { method, headers: { authorization: `Bearer ${apiKey}` }, data });
    assert.ok(answer.ok(), `${method} ${path}: ${await answer.text()}`);
    return answer.json();
  };
  return { get: (path) => ask("GET", path), post: (path, data) => ask("POST", path, data) };
}
