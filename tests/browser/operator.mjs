// The page for operators: the browser signs, and what it shows is what the tool would show.
import assert from "node:assert/strict";
import { anybody, confirms, logsIn, opened, registers, tenant } from "./steps.mjs";

export async function without_a_key_the_state_is_shown(page) {
  await page.opens("/portal/ui/operator");
  await page.getByText("Every function").click();
  const states = page.getByRole("region", { name: "Functions" }).locator("tbody .mark");
  assert.ok((await states.count()) > 5);
  assert.deepEqual([...new Set(await states.allTextContents())], ["answers"]);
  await page.isAccessible("operations without a key");
}

export async function a_wrong_key_is_refused(page) {
  await opened(page, "not-a-licence");
  await page.getByRole("alert").filter({ hasText: "is not known" }).waitFor();
  assert.equal(await page.getByText("Requests are signed as").count(), 0);
}

export async function licences_are_listed_by_signed_requests(page, deployment) {
  deployment.tool("licence", "create", "seen-in-the-browser", "--level", "app");
  await opened(page, deployment.licence, "Licences");
  await page.getByText("Requests are signed as root").waitFor();
  await page.getByRole("region", { name: "Licences" }).getByText("seen-in-the-browser").waitFor();
  await page.isAccessible("operations with a key");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML]));
  assert.ok(!kept.includes(deployment.licence), "the licence key is kept in the page");
  await page.getByRole("button", { name: "Forget the key" }).click();
  await page.getByRole("button", { name: "Use this key" }).waitFor();
  assert.equal(await page.getByText("seen-in-the-browser").count(), 0);
}

export async function a_developer_is_approved_in_the_browser(page, deployment) {
  const email = anybody();
  await registers(page, email);
  await confirms(page, deployment, email);
  await opened(page, deployment.licence);
  await page.getByRole("button", { name: `Approve ${email}` }).click();
  await page.getByRole("status").filter({ hasText: `${email} is approved` }).waitFor();
  await logsIn(page, email);
  await page.getByRole("heading", { name: "Welcome, Ada Lovelace" }).waitFor();
}

async function searched(page, deployment, action) {
  await opened(page, deployment.licence, "Audit log");
  await page.getByLabel("Action (optional)").fill(action);
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("button", { name: /^Prove entry/ }).first().waitFor();
}

export async function an_audit_entry_is_proved_in_the_browser(page, deployment) {
  for (const number of [1, 2, 3]) deployment.tool("licence", "create", `proved-${number}`, "--level", "basic");
  await searched(page, deployment, "");
  await page.getByRole("button", { name: /^Prove entry/ }).nth(1).click();
  await page.getByText("Verified in this browser").waitFor();
  await page.getByText("The proof", { exact: true }).click();
  await page.isAccessible("a proof");
}

export async function a_false_proof_is_found_out(page, deployment) {
  for (const number of [1, 2]) deployment.tool("licence", "create", `false-${number}`, "--level", "basic");
  const changed = (text) => text.replace(/[0-9a-f]/, (digit) => (digit === "0" ? "1" : "0"));
  const lies = {
    "**/proof/inclusion?*": (answer) => ({ ...answer, proof: [changed(answer.proof[0]), ...answer.proof.slice(1)] }),
    "**/checkpoint": ({ checkpoint, ...rest }) => ({ ...rest, checkpoint: { ...checkpoint, time: checkpoint.time + 1 } }),
  };
  for (const [address, lie] of Object.entries(lies)) {
    await searched(page, deployment, "");
    await page.route(address, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: lie(await answer.json()) });
    });
    await page.getByRole("button", { name: /^Prove entry/ }).first().click();
    await page.getByText("could not be proved").waitFor();
    await page.unroute(address);
  }
}

export async function a_tenant_and_a_key_are_made_used_and_revoked(page, deployment) {
  await opened(page, deployment.licence, "Tenants");
  await page.getByText("New tenant").click();
  const section = page.getByRole("region", { name: "QNSP tenants" }).first();
  await section.getByLabel("Name", { exact: true }).fill("made-in-the-browser");
  await section.getByLabel("Tier").selectOption("enterprise-pro");
  await section.getByRole("button", { name: "Make the tenant" }).click();
  await page.getByRole("button", { name: "Keys of made-in-the-browser" }).click();
  await section.getByLabel("Role").selectOption("admin");
  await section.getByLabel("Name of the key").fill("for a test");
  await section.getByRole("button", { name: "Issue a key" }).click();
  const apiKey = await page.locator(".secret .code").textContent();
  assert.match(apiKey, /^qnsp_pqc_[0-9a-f]{40}$/);
  await page.isAccessible("tenants and keys");
  const answer = () => page.request.get("/tenant/v1/quotas/current", { headers: { authorization: `Bearer ${apiKey}` } });
  assert.equal((await answer()).status(), 200);
  await page.getByRole("button", { name: "Revoke for a test" }).click();
  await page.getByRole("button", { name: "Revoke", exact: true }).last().click();
  await section.getByText("revoked", { exact: true }).waitFor();
  assert.equal((await answer()).status(), 401);
}

export async function a_suspended_tenant_is_refused_until_it_is_resumed(page, deployment) {
  const { apiKey } = tenant(deployment, "suspended-in-the-browser");
  const status = async () => (await page.request.get("/tenant/v1/quotas/current", { headers: { authorization: `Bearer ${apiKey}` } })).status();
  await opened(page, deployment.licence, "Tenants");
  await page.getByRole("button", { name: "Suspend suspended-in-the-browser" }).click();
  await page.getByRole("button", { name: "Suspend", exact: true }).last().click();
  await page.getByRole("button", { name: "Resume suspended-in-the-browser" }).waitFor();
  assert.equal(await status(), 403);
  await page.getByRole("button", { name: "Resume suspended-in-the-browser" }).click();
  await page.getByRole("button", { name: "Suspend suspended-in-the-browser" }).waitFor();
  assert.equal(await status(), 200);
}

export async function developers_are_paged_revoked_and_approved_again(page, deployment) {
  const email = anybody();
  await registers(page, email);
  await confirms(page, deployment, email);
  await opened(page, deployment.licence);
  const section = page.getByRole("region", { name: "Developers", exact: true });
  await section.getByRole("button", { name: `Approve ${email}` }).click();
  await page.getByRole("status").filter({ hasText: `${email} is approved` }).waitFor();
  const shows = async (state) => {
    await section.getByLabel("State (optional)").selectOption(state);
    await section.getByRole("button", { name: "Show", exact: true }).click();
  };
  await shows("approved");
  await section.getByText(/^1 to \d+ of \d+$/).waitFor();
  const known = deployment.tool("developer", "list", "--status", "approved");
  assert.match(await section.getByText(/^1 to \d+ of \d+$/).textContent(), new RegExp(` of ${known.total ?? known.data.length}$`));
  await section.getByRole("button", { name: `Revoke ${email}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke" }).click();
  await page.getByRole("status").filter({ hasText: `${email} is revoked` }).waitFor();
  await shows("revoked");
  await section.getByRole("button", { name: `Approve ${email}` }).waitFor();
  await page.isAccessible("developers");
  await section.getByRole("button", { name: `Approve ${email}` }).click();
  await page.getByRole("status").filter({ hasText: `${email} is approved` }).waitFor();
  await logsIn(page, email);
  await page.getByRole("heading", { name: "Welcome, Ada Lovelace" }).waitFor();
}

export async function the_outbox_shows_a_mail_when_it_is_asked_for(page, deployment) {
  const email = anybody();
  await registers(page, email);
  const written = deployment.tool("mail", "list").data.find((one) => one.to === email);
  const { text } = deployment.tool("mail", "show", written.id);
  const link = text.match(/https?:\S+/)[0];
  await opened(page, deployment.licence, "Mails");
  const section = page.getByRole("region", { name: "Mails", exact: true });
  await section.getByRole("button", { name: `Read the mail to ${email}` }).click();
  assert.ok(!(await page.content()).includes(link), "the link is shown before it is asked for");
  await page.getByRole("dialog").getByRole("button", { name: "Read", exact: true }).click();
  await section.getByText(link).waitFor();
  await page.isAccessible("the outbox");
}

export async function a_configuration_is_shown_with_its_history(page, deployment) {
  const context = { appId: "seen-in-the-browser" };
  const set = (path, data) => deployment.tool("call", "PUT", `/caas/config/${path}`, "-d", JSON.stringify({ context, data }));
  set("colours.ground", "white");
  set("colours.ground", "black");
  set("limit", 3);
  await opened(page, deployment.licence, "Configuration");
  const section = page.getByRole("region", { name: "Configuration", exact: true });
  await section.getByLabel("Whose").selectOption("app");
  await section.getByLabel("App (optional)", { exact: true }).fill("seen-in-the-browser");
  await section.getByRole("button", { name: "Look", exact: true }).click();
  await section.getByText('"black"').waitFor();
  const changes = await section.getByRole("list", { name: "History" }).locator("> li > .row").allTextContents();
  assert.deepEqual(changes, ["addedlimitRevision 3", "changedcolours.groundRevision 2", "addedcolours.groundRevision 1"]);
  assert.equal(await section.getByText("white").count(), 0);
  await page.isAccessible("a configuration");
}

export async function a_view_that_is_late_or_fails_says_so(page, deployment) {
  await opened(page, deployment.licence, "Mails");
  const view = (name) => page.getByRole("group", { name: "What is shown of the deployment" }).getByRole("button", { name, exact: true });
  let goOn;
  const waits = new Promise((resolve) => (goOn = resolve));
  await page.route("**/licenses/servicekey/fetch?*", async (route) => {
    await waits;
    await route.continue();
  });
  await view("Licences").click();
  await page.getByText("One moment …").waitFor();
  await page.isAccessible("a view that is late");
  goOn();
  await page.getByRole("table", { name: "Licences" }).waitFor();
  await page.unroute("**/licenses/servicekey/fetch?*");

  page.expects("status of 503");
  await page.route("**/licenses/servicekey/fetch?*", (route) => route.fulfill({ status: 503, body: "" }));
  await view("Licences").click();
  await page.getByText("Something went wrong on our side.").waitFor();
  await page.isAccessible("a view that failed");
  await page.unroute("**/licenses/servicekey/fetch?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("table", { name: "Licences" }).waitFor();

  // The module of a view does not come.
  page.expects("ERR_FAILED");
  await page.route("**/operator-audit.js", (route) => route.abort());
  await view("Audit log").click();
  await page.getByText("The portal could not be reached.").waitFor();
  await page.unroute("**/operator-audit.js");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByLabel("Subject").waitFor();
}

export async function the_views_stand_in_one_row_on_a_wide_window(page, deployment) {
  await opened(page, deployment.licence);
  await page.setViewportSize({ width: 1280, height: 800 });
  const buttons = page.getByRole("group", { name: "What is shown of the deployment" }).getByRole("button");
  await buttons.first().waitFor();
  const tops = await buttons.evaluateAll((all) => all.map((one) => one.getBoundingClientRect().top));
  assert.ok(tops.length > 8 && new Set(tops).size === 1, String(tops));
}

export async function a_row_is_a_card_on_a_phone(page, deployment) {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const view of ["Licences", "Audit log"]) {
    await opened(page, deployment.licence, view);
    if (view === "Audit log") await page.getByRole("button", { name: "Search" }).click();
    await page.getByText(view === "Licences" ? /^1 to \d+ of \d+$/ : /^No\. \d+$/).first().waitFor();
    const smaller = (selector, least) => page.locator(selector).evaluateAll((all, [width, height]) => all.map((one) => [one.textContent || one.name, one.getBoundingClientRect()])
      .filter(([, one]) => one.width > 0 && (one.width < width || one.height < height)).map(([text, one]) => `${text}: ${one.width} x ${one.height}`), least);
    assert.deepEqual(await smaller("td > div", [120, 0]), [], view);
    assert.deepEqual(await smaller("button, input, select, summary, footer a", [24, 24]), [], view);
  }
  await opened(page, deployment.licence, "Licences");
  const cell = page.getByRole("table", { name: "Licences" }).locator("tbody tr").first().locator("td").first();
  await cell.waitFor();
  assert.match(await cell.evaluate((one) => getComputedStyle(one, "::before").content), /^"Tag"/);
}
