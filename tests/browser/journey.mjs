// The whole way of a developer, as a person would go it: from registering to a credential that works.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
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
  const row = page.getByRole("row").filter({ hasText: "Create and follow orders." });
  await row.getByRole("button", { name: "Request access: Orders" }).click();
  await row.getByText("waiting for approval").waitFor();
  assert.equal(active(), false);

  const waiting = deployment.tool("application-instance", "list", "--status", "requested").data;
  deployment.tool("application-instance", "approve", waiting.find((one) => one.developer_email === email).id);
  await page.reload();
  await row.getByText("approved", { exact: true }).waitFor();
  assert.equal(active(), true);

  // Shown once: after loading the page again the secret is nowhere.
  assert.ok(!(await page.content()).includes(secret));
  await row.getByRole("button", { name: "Give up access: Orders" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Give up access" }).click();
  await row.getByText("no access").waitFor();
  assert.equal(active(), false);
}

export async function errors_stand_beside_their_fields(page, deployment) {
  const email = anybody();
  await registers(page, email);
  await page.opens("/portal/ui/register");
  const width = () => page.locator("main .card").evaluate((card) => card.getBoundingClientRect().width);
  const before = await width();
  await page.submits();
  assert.equal(await width(), before, "the card changes its width for an error");
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

export async function a_description_is_cleared_and_an_app_is_called_back(page, deployment) {
  await member(page, deployment);
  await page.opens("/portal/ui/applications?new");
  await page.getByLabel("Name").fill("Phone");
  await page.getByLabel("Redirect address").fill("javascript:alert(1)");
  await page.submits();
  await page.getByText("Please enter a whole address").waitFor();
  await page.getByLabel("Redirect address").fill("com.example.phone://callback");
  await page.getByLabel("Description").fill("What it was for");
  await page.submits();
  await page.getByRole("heading", { name: "Phone", level: 1 }).waitFor();
  await page.getByText("What it was for", { exact: true }).waitFor();
  await page.getByLabel("Description").fill("");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await page.getByRole("status").filter({ hasText: "Your changes are saved." }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Phone", level: 1 }).waitFor();
  assert.equal(await page.getByLabel("Description").inputValue(), "");
  assert.equal(await page.getByText("What it was for", { exact: true }).count(), 0);

  await page.opens("/portal/ui/application?id=00000000-0000-4000-8000-000000000000");
  await page.getByRole("heading", { name: "There is no such application" }).waitFor();
  await page.isAccessible("an unknown application");
  await page.getByRole("link", { name: "All applications" }).click();
  await page.getByRole("link", { name: "Phone" }).waitFor();
}

export async function a_service_is_not_asked_for_twice(page, deployment) {
  deployment.tool("service", "put", "invoices", "--display-name", "Invoices", "--description", "Write invoices.");
  await member(page, deployment);
  await page.opens("/portal/ui/applications?new");
  await page.getByLabel("Name").fill("Shop");
  await page.getByLabel("Redirect address").fill("https://shop.example.com/callback");
  await page.submits();
  await page.getByRole("heading", { name: "Shop", level: 1 }).waitFor();
  await page.opens("/portal/ui/services");
  const card = page.getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Invoices" }) });
  // In another window it is asked for meanwhile; the refusal names no id.
  const { data } = await (await page.request.get("/portal/applications")).json();
  const { data: services } = await (await page.request.get("/portal/application_services")).json();
  const [application, service] = [data[0].id, services.find((one) => one.app_registration_config.display_name === "Invoices").id];
  const asked = await page.request.post(`/portal/applications/${application}/application_instances`, { data: { service: { id: service } } });
  assert.equal(asked.status(), 201);
  await card.getByRole("button", { name: "Request access" }).click();
  await card.getByRole("alert").filter({ hasText: "This application has asked for Invoices already." }).waitFor();
  const said = await card.textContent();
  assert.ok(!said.includes("composite_id") && !said.includes(service), said);
  await page.reload();
  await card.getByText("waiting for approval").waitFor();
  assert.equal(await card.getByRole("button", { name: "Request access" }).count(), 0);
  await page.isAccessible("services that were asked for");
}

export async function a_new_address_is_said_to_need_its_mail(page, deployment) {
  await member(page, deployment);
  await page.opens("/portal/ui/profile");
  const email = anybody();
  await page.getByLabel("New e-mail address").fill(email);
  await page.getByRole("button", { name: "Change e-mail address" }).click();
  await page.getByRole("status").filter({ hasText: "a mail with a link was sent to it" }).waitFor();
  mailedLink(deployment, email, "verify-account");
}

export async function a_key_of_an_asymmetric_algorithm_needs_its_public_part(page, deployment) {
  await member(page, deployment);
  await page.opens("/portal/ui/credentials");
  const section = page.getByRole("region", { name: "JSON web tokens", exact: true });
  await section.getByLabel("Algorithm").selectOption("RS256");
  await section.getByRole("button", { name: "Generate" }).first().click();
  await section.getByRole("button", { name: "New credential" }).click();
  await section.getByText("Please enter your public key.").waitFor();
  assert.equal(await section.getByText("Public key (optional)").count(), 0);
  // Nothing of it is a secret, and nothing is said to be shown once.
  const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  await section.getByLabel("Public key").fill(publicKey.export({ type: "spki", format: "pem" }));
  await section.getByRole("button", { name: "New credential" }).click();
  await page.getByRole("status").filter({ hasText: "The credential is made." }).waitFor();
  await section.getByRole("cell", { name: "RS256" }).waitFor();
  assert.equal(await page.locator(".secret").count(), 0);
}

export async function a_message_covers_nothing_that_can_be_pressed(page, deployment) {
  await member(page, deployment);
  for (const [width, height] of [[1280, 800], [390, 844]]) {
    await page.setViewportSize({ width, height });
    await page.opens("/portal/ui/profile");
    await page.getByRole("button", { name: "Save details" }).click();
    const message = page.getByRole("status").filter({ hasText: "details are saved" });
    await message.waitFor();
    const covered = await message.evaluate((place) => {
      const mine = place.getBoundingClientRect();
      return [...document.querySelectorAll("button, a, input")].filter((one) => {
        const other = one.getBoundingClientRect();
        return other.width > 0 && other.left < mine.right && other.right > mine.left && other.top < mine.bottom && other.bottom > mine.top;
      }).map((one) => one.textContent || one.name);
    });
    assert.deepEqual(covered, [], `${width} px`);
  }
}

export async function a_page_that_does_not_come_is_asked_for_again(page, deployment) {
  await member(page, deployment);
  page.expects("status of 503");
  page.expects("Something went wrong on our side");
  await page.route("**/portal/applications?*", (route) => route.fulfill({ status: 503, body: "" }));
  await page.opens("/portal/ui/applications");
  await page.getByText("Something went wrong on our side.").waitFor();
  await page.isAccessible("a page that did not come");
  await page.unroute("**/portal/applications?*");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("heading", { name: "No application yet" }).waitFor();
}

export async function a_long_list_is_searched_and_paged(page, deployment) {
  await member(page, deployment);
  for (let number = 1; number <= 14; number += 1) {
    const made = await page.request.post("/portal/applications", { data: { name: `Program ${number}`, redirect_uri: `https://p${number}.example.com/` } });
    assert.ok(made.ok(), await made.text());
  }
  await page.opens("/portal/ui/applications");
  const cards = page.getByRole("link", { name: /^Program / });
  await page.getByText("1 to 12 of 14").waitFor();
  assert.equal(await cards.count(), 12);
  await page.isAccessible("a long list");
  await page.getByRole("button", { name: "Further" }).click();
  await page.getByText("13 to 14 of 14").waitFor();
  assert.equal(await cards.count(), 2);
  await page.getByLabel("Search applications").fill("p7.example");
  await page.getByText("1 to 1 of 1").waitFor();
  assert.deepEqual(await cards.allTextContents(), ["Program 7"]);
  await page.getByLabel("Search applications").fill("nothing");
  await page.getByText("None is like that.").waitFor();
}
