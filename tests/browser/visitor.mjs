// A visitor: a browser window that notes what it should never see, and the rules that hold for every page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Narrow and wide, light and dark. */
const VIEWS = [
  ["light", 1200],
  ["dark", 1200],
  ["light", 360],
  ["dark", 360],
];

/** How long a page may take to open, in milliseconds. */
const OPENS = 60_000;

export async function visit(browser, url) {
  const context = await browser.newContext({ baseURL: url, viewport: { width: 1200, height: 850 }, permissions: ["clipboard-read", "clipboard-write"] });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  // The first page comes from Workers that are just being compiled, on a machine that may be busy with much else.
  page.setDefaultNavigationTimeout(OPENS);
  const faults = [];
  const expected = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // A refusal that the page shows to its visitor is no fault of the page.
    const refusal = /status of 4\d\d/.test(message.text()) && !message.location().url.includes("/assets/");
    const isExpected = expected.some((text) => message.text().includes(text));
    if (message.type() === "error" && !refusal && !isExpected) faults.push(`${message.text()} (${message.location().url})`);
  });
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (/^https?:$/.test(asked.protocol) && asked.origin !== url) faults.push(`asked another server: ${asked.origin}`);
  });
  return Object.assign(page, {
    /** Goes to an address and waits for what it shows. */
    async opens(path) {
      await page.goto(path);
      await page.locator("h1").first().waitFor({ timeout: OPENS });
    },
    async submits() {
      await page.locator("main form button:not([type])").first().click();
    },
    /** What the browser says of a fault that the case makes itself. */
    expects(text) {
      expected.push(text);
    },
    /** Fails for whatever was noted so far. */
    noFaults() {
      assert.deepEqual(faults, []);
    },
    /** No violation in any view, and nothing wider than the window. */
    async isAccessible(name, { views = VIEWS } = {}) {
      const session = await context.newCDPSession(page);
      // Through the debugger, since the policy of the pages lets no foreign script run.
      await session.send("Runtime.evaluate", { expression: axe });
      for (const [colorScheme, width] of views) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: 850 });
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(wider <= 0, `${name} is ${wider} px too wide at ${width} px`);
        const expression = `axe.run({ resultTypes: ["violations"], rules: { "target-size": { enabled: true } } }).then((found) =>
          JSON.stringify({ rules: found.passes.length, violations: found.violations.map(({ id, nodes }) => id + " at " + nodes.slice(0, 3).map(({ target }) => target.join(" ")).join(", ")) }))`;
        const { result } = await session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
        const { rules, violations } = JSON.parse(result.value);
        assert.ok(rules > 5, `axe found nothing to check on ${name}`);
        assert.deepEqual(violations, [], `${name}, ${colorScheme}, ${width} px`);
      }
      await session.detach();
      await page.emulateMedia({ colorScheme: "light" });
      await page.setViewportSize({ width: 1200, height: 850 });
    },
    leaves: () => context.close(),
  });
}
