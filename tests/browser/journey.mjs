// The whole way of a developer, as a person would go it: from registering to a credential that works.
import assert from "node:assert/strict";
import { PASSWORD, anybody, approve, confirms, logsIn, mailedLink, member, registers } from "./steps.mjs";

export async function from_registering_to_a_credential_that_works(page, deployment) {
  const service = deployment.tool("service", "put", "orders", "--display-name", "Orders", "--description", "Create and follow orders.");
  const email = anybody();
  await registers(page, email);

  // Whoever has not confirmed the address, or is not approved, sees a message.
  await logsIn(page, email);
  await page.getByRole("alert").filter({ hasText: "not confirmed yet" }).waitFor();
  await confirms(page, deployment, email);
  await logsIn(page, email);
  await page.getByRole("alert").filter({ hasText: "waits for approval" }).waitFor();
  approve(deployment, email);
  await page.submits();
  await page.getByRole("heading", { name: "Welcome, Ada Lovelace" }).waitFor();

  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name: "Applications" }).click();
  await page.getByRole("heading", { name: "No application yet" }).waitFor();
  await page.getByRole("link", { name: "New application" }).click();
  await page.getByLabel("Name").fill("Shop");
  await page.getByLabel("Redirect address").fill("https://shop.example.com/callback");
  await page.getByRole("button", { name: "Create application" }).click();

  const once = page.getByRole("region", { name: "The credentials of your new application" });
  await once.getByRole("button", { name: "Copy client secret" }).click();
  const secret = await page.evaluate(() => navigator.clipboard.readText());
  const client = await once.locator(".code").first().textContent();
  assert.match(secret, /^\w{32}$/);

  const active = () => {
    const request = { service: service.id, client_id: client, client_secret: secret };
    return deployment.tool("call", "POST", "/portal/introspect", "-d", JSON.stringify(request)).active;
  };
  assert.equal(active(), false);
  await page.getByRole("button", { name: "Request access: Orders" }).click();
  await page.getByText("waiting for approval").waitFor();
  assert.equal(active(), false);

  const waiting = deployment.tool("application-instance", "list", "--status", "requested").data;
  deployment.tool("application-instance", "approve", waiting.find((one) => one.developer_email === email).id);
  await page.reload();
  await page.getByText("approved", { exact: true }).waitFor();
  assert.equal(active(), true);

  // Shown once: after loading the page again the secret is nowhere.
  assert.ok(!(await page.content()).includes(secret));
  await page.getByRole("button", { name: "Give up access: Orders" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Give up access" }).click();
  await page.getByText("no access").waitFor();
  assert.equal(active(), false);
}

export async function errors_stand_beside_their_fields(page, deployment) {
  const email = anybody();
  await registers(page, email);
  await page.opens("/portal/ui/register");
  await page.submits();
  for (const label of ["Full Name", "E-mail address", "Password"]) {
    const field = page.getByLabel(label, { exact: true });
    assert.equal(await field.getAttribute("aria-invalid"), "true", label);
    const about = await field.getAttribute("aria-describedby");
    assert.match(await page.locator(`#${about.split(" ")[0]}`).textContent(), /Please enter your/);
  }
  assert.ok(await page.getByLabel("Full Name").evaluate((field) => field === document.activeElement));
  // What only the API knows stands there, too.
  await page.getByLabel("Full Name").fill("Ada");
  await page.getByLabel("E-mail address").fill(email.toUpperCase());
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.submits();
  await page.locator('[aria-invalid="true"]').waitFor();
  assert.equal(await page.getByLabel("E-mail address").getAttribute("aria-invalid"), "true");
}

export async function the_keyboard_alone_is_enough_to_log_in(page, deployment) {
  const email = anybody();
  await registers(page, email);
  await confirms(page, deployment, email);
  approve(deployment, email);
  await page.opens("/portal/ui/");
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim() || document.activeElement.name);
  const tabTo = async (text) => {
    for (let steps = 0; steps < 20; steps += 1) {
      await page.keyboard.press("Tab");
      const visible = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle !== "none");
      assert.ok(visible, `the focus does not show on ${await focused()}`);
      if ((await focused()) === text) return;
    }
    assert.fail(`Tab does not lead to ${text}`);
  };
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "Skip to the content");
  await tabTo("Log in");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Log in" }).waitFor();
  await tabTo("email");
  await page.keyboard.type(email);
  await tabTo("password");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Welcome, Ada Lovelace" }).waitFor();
}

export async function a_forgotten_password_is_replaced(page, deployment) {
  const email = await member(page, deployment);
  await page.opens("/portal/ui/forgot-password");
  await page.getByLabel("E-mail address").fill(email);
  await page.submits();
  await page.getByRole("heading", { name: "Please look into your mail" }).waitFor();
  const link = mailedLink(deployment, email, "reset-password");
  await page.opens(link);
  await page.getByLabel("New password", { exact: true }).fill("another good password");
  await page.submits();
  await page.getByRole("heading", { name: "Your password is changed" }).waitFor();
  await page.opens(link);
  await page.getByText("used up or too old").waitFor();
  await logsIn(page, email);
  await page.getByRole("alert").filter({ hasText: "is not right" }).waitFor();
  await logsIn(page, email, "another good password");
  await page.getByRole("heading", { name: "Welcome, Ada Lovelace" }).waitFor();
}

export async function credentials_of_ones_own_are_shown_once(page, deployment) {
  await member(page, deployment);
  await page.opens("/portal/ui/credentials");
  await page.getByRole("button", { name: "New key" }).click();
  const key = await page.getByRole("region", { name: "Your new API key" }).locator(".code").textContent();
  assert.match(key, /^\w{32}$/);
  await page.getByRole("region", { name: "JSON web tokens" }).getByRole("button", { name: "Generate" }).first().click();
  await page.getByRole("region", { name: "JSON web tokens" }).getByRole("button", { name: "Generate" }).last().click();
  await page.getByRole("button", { name: "New credential" }).click();
  const secret = await page.getByRole("region", { name: "Your new credential" }).locator(".code").last().textContent();
  await page.reload();
  await page.getByRole("heading", { name: "Credentials", level: 1 }).waitFor();
  const html = await page.content();
  assert.ok(!html.includes(key) && !html.includes(secret));
}

export async function a_profile_is_changed_and_deleted(page, deployment) {
  const email = await member(page, deployment);
  await page.opens("/portal/ui/profile");
  await page.getByLabel("Full Name").fill("Ada King");
  await page.getByRole("button", { name: "Save details" }).click();
  await page.getByRole("status").filter({ hasText: "details are saved" }).waitFor();
  await page.getByLabel("Current password", { exact: true }).fill("wrong");
  await page.getByLabel("New password", { exact: true }).fill("another good password");
  await page.getByRole("button", { name: "Change password" }).click();
  await page.getByRole("alert").filter({ hasText: "invalid" }).waitFor();
  await page.opens("/portal/ui/");
  await page.getByRole("heading", { name: "Welcome, Ada King" }).waitFor();
  await page.opens("/portal/ui/profile");
  await page.getByRole("button", { name: "Delete my account" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Delete my account" }).click();
  await dialog.getByText("not the same text").waitFor();
  await dialog.getByLabel(`Type ${email}`).fill(email);
  await dialog.getByRole("button", { name: "Delete my account" }).click();
  await page.getByRole("heading", { name: "Build on our APIs" }).waitFor();
  await logsIn(page, email);
  await page.getByRole("alert").filter({ hasText: "is not right" }).waitFor();
}

export async function every_page_is_accessible(page, deployment) {
  for (const name of ["", "log-in", "register", "verify", "invalidate", "resend", "forgot-password", "reset-password", "no-such-page"]) {
    await page.opens(`/portal/ui/${name}`);
    if (name === "register") await page.submits();
    await page.isAccessible(name || "the first page");
  }
  await member(page, deployment);
  for (const name of ["", "applications", "applications?new", "credentials", "services", "profile"]) {
    await page.opens(`/portal/ui/${name}`);
    await page.isAccessible(name || "the first page, logged in");
  }
  await page.opens("/portal/ui/applications?new");
  await page.getByLabel("Name").fill("Shop");
  await page.getByLabel("Redirect address").fill("https://shop.example.com/callback");
  await page.submits();
  await page.getByRole("heading", { name: "Shop" }).waitFor();
  await page.isAccessible("an application with its secret");
  await page.getByRole("button", { name: "Delete this application" }).click();
  await page.isAccessible("a question");
}

export async function the_menu_opens_on_a_narrow_window(page) {
  await page.setViewportSize({ width: 360, height: 700 });
  await page.opens("/portal/ui/");
  const nav = page.getByRole("navigation", { name: "Main" });
  const menu = page.getByRole("button", { name: "Menu" });
  assert.equal(await nav.count(), 0);
  await menu.click();
  assert.equal(await menu.getAttribute("aria-expanded"), "true");
  await page.keyboard.press("Escape");
  assert.equal(await nav.count(), 0);
  await menu.click();
  await nav.getByRole("link", { name: "Log in" }).click();
  await page.getByRole("heading", { name: "Log in" }).waitFor();
}
