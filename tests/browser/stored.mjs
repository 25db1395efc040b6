// What operators keep on the page for operators: services, files, licences, secrets of communities, projects of the Config API.
import assert from "node:assert/strict";
import { opened } from "./steps.mjs";

const region = (page, name) => page.getByRole("region", { name, exact: true });
const says = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();
const rowsOf = (page, name) => page.getByRole("table", { name, exact: true }).locator("tbody tr");
const answersYes = (page, name) => page.getByRole("dialog").getByRole("button", { name, exact: true }).click();

export async function a_service_is_made_changed_and_deleted(page, deployment) {
  const known = (name) => deployment.tool("service", "list").data.find((one) => one.name === name);
  await opened(page, deployment.licence, "Services");
  const section = region(page, "Services");
  await section.getByText("New service").click();
  await section.getByLabel("Name", { exact: true }).fill("two words");
  await section.getByRole("button", { name: "Make the service" }).click();
  await section.getByText("Please use at most 128 letters").waitFor();
  await page.isAccessible("a new service");
  await section.getByLabel("Name", { exact: true }).fill("made-here");
  await section.getByLabel("Description").fill("What it was for");
  await section.getByRole("button", { name: "Make the service" }).click();
  await says(page, "The service made-here is made.");
  const { registrable, app_registration_config: settings } = known("made-here");
  assert.deepEqual([registrable, settings.auto_approve, settings.display_name, settings.description], [true, false, "made-here", "What it was for"]);

  // A new service takes no other's place.
  await section.getByText("New service").click();
  await section.getByLabel("Name", { exact: true }).fill("made-here");
  await section.getByRole("button", { name: "Make the service" }).click();
  await section.getByText("There is a service of this name.").waitFor();

  await section.getByRole("button", { name: "Change made-here" }).click();
  await section.getByLabel("Name for people").first().fill("Made here");
  await section.getByLabel("Description").first().fill("");
  await section.getByLabel("Offered").first().selectOption("false");
  await section.getByRole("button", { name: "Save the service" }).click();
  await says(page, "The service made-here is changed.");
  const changed = known("made-here");
  assert.deepEqual([changed.registrable, changed.app_registration_config.display_name, changed.app_registration_config.description], [false, "Made here", ""]);

  await section.getByRole("button", { name: "Delete made-here" }).click();
  await page.getByLabel("Type made-here to confirm").fill("made-here");
  await answersYes(page, "Delete");
  await says(page, "The service made-here is deleted.");
  assert.equal(known("made-here"), undefined);
}

export async function a_file_is_put_changed_and_deleted(page, deployment) {
  const known = () => deployment.tool("portal-file", "list").data.find((one) => one.path === "content/a b.md");
  const contents = () => deployment.tool("portal-file", "get", "content/a b.md").contents;
  await opened(page, deployment.licence, "Files");
  const section = region(page, "Files");
  const puts = async (buffer) => {
    await section.getByText("New file").click();
    await section.getByLabel("Path").fill("content/a b.md");
    await section.getByLabel("File", { exact: true }).setInputFiles({ name: "a.md", mimeType: "text/markdown", buffer: Buffer.from(buffer) });
    await section.getByRole("button", { name: "Put the file" }).click();
  };
  await puts([0xff, 0xfe, 0]);
  await section.getByText("This is not a text in UTF-8.").waitFor();
  await page.isAccessible("a new file");
  await section.getByText("New file").click();
  const text = "---\nreadable_by: [gold]\n---\n# Grüße\n\n";
  await puts(text);
  await says(page, "content/a b.md is put.");
  assert.equal(contents(), text);
  assert.match(await rowsOf(page, "Files").filter({ hasText: "a b.md" }).textContent(), /developers with the role gold/);

  // Blanks at the ends are part of a file.
  await section.getByRole("button", { name: "Open content/a b.md" }).click();
  assert.equal(await section.getByLabel("Contents").inputValue(), text);
  await section.getByLabel("Contents").fill("  # Hello\n");
  await page.isAccessible("a file");
  await section.getByRole("button", { name: "Save the file" }).click();
  await says(page, "content/a b.md is saved.");
  assert.deepEqual([contents(), known().readable_by], ["  # Hello\n", null]);

  // What is there is replaced by whoever says so; line ends that a field would change are left alone.
  await puts("a\r\nb\n");
  await answersYes(page, "Cancel");
  assert.equal(contents(), "  # Hello\n");
  await section.getByRole("button", { name: "Put the file" }).click();
  await answersYes(page, "Replace");
  await says(page, "content/a b.md is put.");
  assert.equal(contents(), "a\r\nb\n");
  await section.getByRole("button", { name: "Open content/a b.md" }).click();
  await section.getByText("line ends that a browser would change").waitFor();
  assert.equal(await section.getByRole("button", { name: "Save the file" }).count(), 0);

  await section.getByRole("button", { name: "Delete content/a b.md" }).click();
  await answersYes(page, "Delete");
  await says(page, "content/a b.md is deleted.");
  assert.equal(known(), undefined);
}

export async function licences_are_filtered_and_disabled(page, deployment) {
  const make = (tag, ...words) => deployment.tool("licence", "create", tag, ...words);
  // More than one page, so that a filter finds what the first does not have.
  for (let number = 1; number <= 26; number += 1) make(`filler-${String(number).padStart(2, "0")}`, "--level", "basic");
  const { keySecret } = make("soon-over", "--level", "app", "--expires", "5d");
  make("later-over", "--level", "app", "--expires", "60d");
  await opened(page, deployment.licence, "Licences");
  const section = region(page, "Licences");
  const tags = () => rowsOf(page, "Licences").locator("strong").allTextContents();
  const shows = async (filters) => {
    for (const name of ["Level", "State", "Expires in"]) await section.getByLabel(name).selectOption(filters[name] ?? "");
    await section.getByLabel("Tag (optional)").fill(filters.Tag ?? "");
    const before = await section.locator("form").first().elementHandle();
    await section.getByRole("button", { name: "Show", exact: true }).click();
    await page.waitForFunction((form) => !form.isConnected, before);
  };
  assert.equal((await tags()).includes("soon-over"), false);
  await shows({ "Expires in": "7" });
  await section.getByText("1 to 1 of 1").waitFor();
  assert.deepEqual(await tags(), ["soon-over"]);
  await shows({ "Expires in": "90", Level: "app" });
  await section.getByText("1 to 2 of 2").waitFor();
  assert.deepEqual(await tags(), ["soon-over", "later-over"]);
  await shows({ Tag: "FILLER" });
  await section.getByText("1 to 25 of 26").waitFor();
  await section.getByRole("button", { name: "Further" }).click();
  await section.getByText("26 to 26 of 26").waitFor();
  assert.deepEqual(await tags(), ["filler-26"]);
  await page.isAccessible("filtered licences");

  await shows({ Tag: "soon-over" });
  await section.getByRole("button", { name: "Disable soon-over" }).click();
  await answersYes(page, "Disable");
  await says(page, "soon-over is disabled.");
  assert.equal(deployment.tool("licence", "show", "soon-over").disabled, true);
  await shows({ State: "disabled" });
  await section.getByText("1 to 1 of 1").waitFor();
  assert.deepEqual(await tags(), ["soon-over"]);
  await section.getByRole("button", { name: "Enable soon-over" }).click();
  await says(page, "soon-over is enabled.");
  await section.getByText("No licence is like that.").waitFor();
  assert.ok(keySecret.length > 8 && !(await page.content()).includes(keySecret), "a keySecret is in the page");
}

export async function secrets_of_a_community_are_named_and_not_shown(page, deployment) {
  const value = "never-in-a-page";
  for (const tag of ["DB_PASSWORD", "SMTP_PASSWORD"]) deployment.tool("secret", "put", "browser-tenant", "5f00000000000000000000b1", tag, value, "--by", "ada");
  await opened(page, deployment.licence, "Secrets");
  const section = region(page, "Secrets of a community");
  await section.getByLabel("Tenant").fill("browser-tenant");
  await section.getByLabel("Community").fill("5f00000000000000000000b1");
  await section.getByRole("button", { name: "List", exact: true }).click();
  await section.getByText("2 secrets in browser-tenant").waitFor();
  const row = rowsOf(page, "Secrets of a community").filter({ hasText: "SMTP_PASSWORD" });
  assert.match(await row.textContent(), /SMTP_PASSWORD.*ada.*today/);
  await page.isAccessible("secrets of a community");
  assert.ok(!(await page.content()).includes(value), "a value is in the page");
  await section.getByRole("button", { name: "Delete DB_PASSWORD" }).click();
  await page.getByLabel("Type DB_PASSWORD to confirm").fill("DB_PASSWORD");
  await answersYes(page, "Delete");
  await section.getByText("1 secret in browser-tenant").waitFor();
  const left = deployment.tool("secret", "fetch", "browser-tenant", "5f00000000000000000000b1").secrets;
  assert.deepEqual(left.map((one) => [one.tag, one.value]), [["SMTP_PASSWORD", value]]);
}

export async function versions_of_an_item_are_compared_and_restored(page, deployment) {
  const { token } = deployment.tool("token", "create", "browser-tenant", "shop", "--role", "owner");
  const tool = (...words) => deployment.tool("--config-token", token, "config-api", ...words);
  tool("group", "create", "The shop", "--key", "shop");
  tool("item", "create", "shop", "limits", '{"most":5,"least":1,"kept":true}', "--type", "json");
  tool("item", "set", "limits", '{"most":7,"least":1,"kept":true,"burst":2}');
  tool("item", "create", "shop", "password", "a-value-of-a-secret", "--secret");
  tool("item", "set", "password", "another-value");
  const looks = async (given) => {
    await page.getByLabel("Token", { exact: true }).last().fill(given);
    await page.getByRole("button", { name: "Look into the project" }).click();
  };
  await page.opens("/portal/ui/operator");
  await looks("not-a-token");
  await page.getByRole("alert").filter({ hasText: "This token is not known" }).waitFor();
  await looks(token);
  const section = region(page, "A project of the Config API");
  await section.getByRole("button", { name: "Items of shop" }).click();
  await section.getByRole("button", { name: "Versions of limits" }).click();
  await section.getByRole("button", { name: "Compare" }).click();
  const difference = section.locator(".diff > *");
  const changes = async () => (await difference.allTextContents()).map((line) => line.trimEnd());
  await difference.first().waitFor();
  assert.deepEqual(await changes(), ["  {", '-   "most": 5,', '+   "most": 7,', '    "least": 1,', '-   "kept": true', '+   "kept": true,', '+   "burst": 2', "  }"].map((line) => line.replace(/^-/, "−")));
  await page.isAccessible("versions that are compared");

  await section.getByRole("button", { name: "Restore version 1" }).click();
  await answersYes(page, "Restore");
  await says(page, "Version 3 has the value of version 1.");
  assert.deepEqual(JSON.parse(tool("item", "show", "limits").item.value), { most: 5, least: 1, kept: true });
  await section.getByLabel("From").selectOption("1");
  await section.getByRole("button", { name: "Compare" }).click();
  await section.getByText("The values are the same.").waitFor();

  await section.getByRole("button", { name: "Versions of password" }).click();
  await section.getByText("cannot be compared").waitFor();
  const html = await page.content();
  assert.ok(!html.includes("a-value-of-a-secret") && !html.includes("another-value") && !html.includes(token));
  await page.getByRole("button", { name: "Forget the token" }).click();
  await page.getByRole("button", { name: "Look into the project" }).waitFor();
}
