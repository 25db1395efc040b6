// Keys of a tenant of QNSP on the page for operators: what they are, the way to post-quantum algorithms, and escrow.
import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { api, looksInto, tenant } from "./steps.mjs";

/** A tenant with a connection to the module that is part of the deployment. */
async function withModule(page, deployment, name) {
  const made = tenant(deployment, name, "--add-on", "byohsm", "--add-on", "key-escrow");
  const { get, post } = api(page, made.apiKey);
  const { connectionId } = await post("/kms/v1/byohsm/connections", {
    name: "built in", provider: "thales", connectionConfig: { endpoint: "sim://here", credentials: { type: "api_key", data: { apiKey: "k" } } },
  });
  await post(`/kms/v1/byohsm/connections/${connectionId}/validate`);
  const key = (body) => post("/kms/v1/byohsm/keys", { connectionId, ...body });
  return { ...made, get, post, key };
}

export async function keys_are_shown_with_their_use_and_public_part(page, deployment) {
  const { apiKey, post, key } = await withModule(page, deployment, "keys");
  const signing = await key({ keyType: "ec", purpose: ["sign", "verify"], metadata: { name: "releases" } });
  await key({ keyType: "aes", purpose: ["encrypt", "decrypt"], metadata: { name: "backups" } });
  await key({ keyType: "pqc", purpose: ["sign", "verify"], metadata: { name: "long-lived" } });
  for (const data of ["YQ==", "Yg=="]) await post("/kms/v1/byohsm/sign", { keyId: signing.keyId, data });
  await looksInto(page, apiKey, "Keys");
  const row = (name) => page.getByRole("region", { name: "Keys", exact: true }).locator("tr", { hasText: name });
  await row("releases").waitFor();
  assert.match(await row("releases").textContent(), /sign, verify.*ECDSA-SHA256256 bits.*today.*2Show/s);
  assert.match(await row("backups").textContent(), /AES-KWP256 bits.*0None: it is symmetric/s);
  assert.match(await row("long-lived").textContent(), /ML-DSA-65/);
  await row("releases").getByText("Show").click();
  await page.isAccessible("keys");
  const shown = createPublicKey(await row("releases").locator(".code").textContent());
  assert.equal(shown.export({ type: "spki", format: "der" }).toString("base64"), signing.publicKey);

  // One of three keys withstands quantum computers by its algorithm, and AES-256 by its length.
  const readiness = await api(page, apiKey).get("/kms/v1/crypto-agility/migration-readiness");
  await page.getByText(`Score ${readiness.overallScore} of 100.`).waitFor();
  await page.getByText("1 of 3 keys are of a post-quantum algorithm.").waitFor();
  await page.getByRole("img", { name: "Classical operations by day: from 0 to 2, last 2" }).waitFor();
}

export async function an_add_on_that_is_missing_is_named(page, deployment) {
  const { apiKey } = tenant(deployment, "without-add-ons");
  await looksInto(page, apiKey, "Keys");
  await page.getByText("The tenant does not have the add-on byohsm.").waitFor();
  await page.isAccessible("keys without the add-on");
}

export async function a_key_goes_through_escrow_and_comes_back_once(page, deployment) {
  const { tenantId, post, key } = await withModule(page, deployment, "escrow");
  const made = await key({ keyType: "aes", purpose: ["encrypt"], metadata: { name: "vault" } });
  const agent = (role, name) => deployment.tool("qnsp", "key", "create", "--tenant", tenantId, "--role", role, "--name", name);
  const [ada, grace] = [agent("admin", "ada"), agent("admin", "grace")];
  const policy = await post("/kms/v1/escrow/policies", {
    name: "two of two", keyTypes: ["aes"], recoveryThreshold: 2, retentionPeriod: "P30D",
    escrowAgents: [{ agentId: ada.userId, role: "primary" }, { agentId: grace.userId, role: "secondary" }],
  });
  await post("/kms/v1/escrow/keys", { keyId: made.keyId, policyId: policy.policyId });
  const opens = async (who) => {
    await looksInto(page, who, "Escrow");
    await page.getByRole("button", { name: `Open the escrow of ${made.keyId}` }).click();
    await page.getByRole("list", { name: "Steps" }).waitFor();
  };
  const says = (text) => page.getByRole("status").filter({ hasText: text }).waitFor();
  const shares = [];
  for (const who of [ada, grace]) {
    await opens(who.apiKey);
    const claim = page.getByRole("button", { name: `Claim the share of ${who.userId}` });
    await claim.click();
    shares.push(await page.locator(".secret .code").textContent());
    await claim.waitFor({ state: "detached" });
  }
  // Nobody claims the share of somebody else, nor a share twice.
  assert.equal(await page.getByRole("button", { name: /^Claim/ }).count(), 0);
  await page.isAccessible("escrow");

  await opens(ada.apiKey);
  await page.getByLabel("Reason of the recovery").fill("The module is lost");
  await page.getByRole("button", { name: "Ask for the recovery" }).click();
  await says("The recovery is asked for.");
  for (const [index, who] of [ada, grace].entries()) {
    await opens(who.apiKey);
    await page.getByText(`${index} of 2 shares are submitted.`).waitFor();
    await page.getByLabel("Agent", { exact: true }).selectOption(who.userId);
    await page.getByLabel("Share", { exact: true }).fill(shares[index]);
    await page.getByRole("button", { name: "Submit the share" }).click();
    await says("The share is submitted.");
  }
  await page.getByRole("button", { name: "Approve the recovery" }).click();
  await page.getByLabel("Reason", { exact: true }).fill("seen");
  await page.getByRole("button", { name: "Approve the recovery" }).last().click();
  await says("The recovery is approved.");
  await page.getByRole("button", { name: "Recover the key" }).click();
  const recovered = await page.locator(".secret .code").last().textContent();
  assert.equal(Buffer.from(recovered, "base64").length, 32);
  await page.getByText("The last one was executed.").waitFor();
  assert.equal(await page.getByRole("button", { name: "Recover the key" }).count(), 0);
}
