// node tests/browser/main.mjs [--native] [filter]: the portal's pages in a real browser.
//
// CHROMIUM names the browser; without it `chromium` from PATH is taken. --native serves the functions natively, for
// quick rounds; without it the built Workers run on workerd.
import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";
import { start } from "./deployment.mjs";
import * as journey from "./journey.mjs";
import * as keys from "./keys.mjs";
import * as operator from "./operator.mjs";
import * as reference from "./reference.mjs";
import * as storage from "./storage.mjs";
import * as stored from "./stored.mjs";
import * as tenant from "./tenant.mjs";
import * as vault from "./vault.mjs";
import { visit } from "./visitor.mjs";

const words = process.argv.slice(2);
const filter = words.find((word) => !word.startsWith("--")) ?? "";
const cases = [journey, operator, stored, tenant, keys, vault, storage, reference].flatMap((area) => Object.entries(area)).filter(([name]) => name.includes(filter));

const executablePath = process.env.CHROMIUM || execFileSync("sh", ["-c", "command -v chromium"], { encoding: "utf8" }).trim();

const began = Date.now();
const deployment = await start({ native: words.includes("--native") });
// Without the sandbox a container needs no privileges; the pages are our own.
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
let failed = 0;
for (const [name, run] of cases) {
  const started = Date.now();
  const page = await visit(browser, deployment.url);
  try {
    await run(page, deployment);
    page.noFaults();
    console.log(`test ${name} ... ok (${Date.now() - started} ms)`);
  } catch (error) {
    failed += 1;
    console.log(`test ${name} ... FAILED at ${page.url()}\n${error.stack}`);
    if (process.env.CHANCERY_KEEP_STATE) await page.screenshot({ path: `target/test-logs/${name}.png`, fullPage: true });
  }
  await page.leaves();
}
await browser.close();
await deployment.stop();
console.log(`\ntest result: ${failed === 0 ? "ok" : "FAILED"}. ${cases.length - failed} passed; ${failed} failed; finished in ${((Date.now() - began) / 1000).toFixed(1)}s`);
process.exitCode = failed === 0 ? 0 : 1;
