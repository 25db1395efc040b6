// The page for operators: the browser signs, and what it shows is what the tool would show.
import assert from "node:assert/strict";

async function opened(page, licence) {
  await page.opens("/portal/ui/operator");
  await page.getByLabel("Licence key", { exact: true }).last().fill(licence);
  await page.getByRole("button", { name: "Use this key" }).click();
}

export async function without_a_key_the_state_is_shown(page) {
  await page.opens("/portal/ui/operator");
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
  await opened(page, deployment.licence);
  await page.getByText("Requests are signed as root").waitFor();
  await page.getByRole("region", { name: "Licences" }).getByText("seen-in-the-browser").waitFor();
  await page.isAccessible("operations with a key");
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML]));
  assert.ok(!kept.includes(deployment.licence), "the licence key is kept in the page");
  await page.getByRole("button", { name: "Forget the key" }).click();
  await page.getByRole("button", { name: "Use this key" }).waitFor();
  assert.equal(await page.getByText("seen-in-the-browser").count(), 0);
}
