// Whether the functions answer. Each is asked for something that needs no key; a refusal is an answer, too.
import { button, h, mark } from "./dom.js";

const HEALTH = ["/caas/healthz", "/licenses/healthz"];
const PROBES = [
  ["Health, Config & Consent", "/caas/healthz"],
  ["Health, Licensing", "/licenses/healthz"],
  ["Public keys", "/caas/publickeys"],
  ["Environment", "/caas/environment"],
  ["Service Directory", "/caas/sd"],
  ["Configuration", "/caas/config/history"],
  ["Secret Store", "/caas/root-key"],
  ["Licence keys", "/licenses/servicekey/current"],
  ["Authorisations", "/licenses/community/-/licensecheck"],
  ["Config API", "/api/client/v1/config/groups"],
  ["Audit log", "/caas/audit/key"],
  ["Portal: accounts", "/portal/config"],
  ["Portal: developers", "/portal/developer/meta_fields"],
  ["Portal: files", "/portal/files"],
  ["Portal: applications", "/portal/applications"],
  ["Portal: credentials", "/portal/credentials/jwt"],
];

export async function status() {
  const body = h("tbody");
  const section = h("section", { class: "card stack", "aria-label": "Status" });
  const draw = async () => body.replaceChildren(...(await Promise.all(PROBES.map(probe))));
  await draw();
  section.append(
    h("div", { class: "row apart" }, h("h2", {}, "Status"), button("Ask again", "quiet small", draw)),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Functions" },
      h("table", {}, h("thead", {}, h("tr", {}, ["Function", "State", "Time"].map((title) => h("th", { scope: "col" }, title)))), body)),
  );
  return section;
}

async function probe([name, path]) {
  const started = performance.now();
  const answer = await fetch(path, { cache: "no-store", credentials: "omit" }).catch(() => null);
  const time = `${Math.round(performance.now() - started)} ms`;
  // Without a key most functions refuse, which they do only when they run.
  const runs = answer && (answer.ok || (!HEALTH.includes(path) && answer.status < 500 && answer.status !== 404));
  return h("tr", {}, h("td", {}, name), h("td", {}, runs ? mark("good", "answers") : mark("bad", answer ? `answers ${answer.status}` : "no answer")), h("td", {}, time));
}
