// The API reference: every document is rendered, from here alone.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";

const FOLDER = new URL("../../openapi/", import.meta.url);
const documents = readdirSync(FOLDER).filter((name) => name.endsWith(".json"));

export async function every_document_is_listed_and_rendered(page) {
  await page.opens("/portal/reference/");
  await page.isAccessible("the list of documents");
  assert.equal(await page.locator(".cards a").count(), documents.length);
  for (const file of documents) {
    const document = JSON.parse(readFileSync(new URL(file, FOLDER), "utf8"));
    await page.goto(`/portal/reference/${file.replace(".json", "")}`);
    await page.getByRole("heading", { level: 1, name: document.info.title }).waitFor();
    const [first] = Object.values(document.paths).flatMap((item) => Object.values(item));
    // Its tags and operations are in the side bar.
    await page.getByText(first.tags[0], { exact: true }).first().waitFor();
    // The viewer is the same for all, large to look through, and made elsewhere.
    if (file === documents[0]) await page.isAccessible(file, { views: [["light", 1200], ["dark", 360]] });
  }
}

export async function the_reference_follows_the_theme(page) {
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`/portal/reference/${documents[0].replace(".json", "")}`);
  await page.locator("#reference h1").waitFor();
  const ground = () => page.evaluate(() => getComputedStyle(document.body).colorScheme);
  assert.match(await ground(), /dark/);
  const follows = (theme, other) => page.waitForFunction(([has, lacks]) => document.body.classList.contains(has) && !document.body.classList.contains(lacks), [theme, other]);
  // The system changes it, as in the evening, or the visitor.
  await page.emulateMedia({ colorScheme: "light" });
  await follows("light-mode", "dark-mode");
  await page.emulateMedia({ colorScheme: "dark" });
  await follows("dark-mode", "light-mode");
  await page.getByRole("button", { name: "Switch to light colours" }).click();
  await follows("light-mode", "dark-mode");
}

export async function the_document_that_is_shown_is_seen_among_the_links_of_a_phone(page) {
  await page.setViewportSize({ width: 390, height: 844 });
  for (const file of documents) {
    await page.goto(`/portal/reference/${file.replace(".json", "")}`);
    await page.locator("#reference h1").waitFor();
    const { left, right } = await page.locator("#documents [aria-current]").evaluate((link) => link.getBoundingClientRect().toJSON());
    assert.ok(left >= 0 && right <= 390, `${file}: ${left} to ${right}`);
  }
}

export async function the_documents_are_there_for_tools(page) {
  for (const file of documents) {
    const answer = await page.request.get(`/portal/reference/openapi/${file}`);
    assert.equal(answer.status(), 200);
    assert.deepEqual(await answer.json(), JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")));
  }
  assert.equal((await page.request.get("/portal/reference/openapi/none.json")).status(), 404);
}
