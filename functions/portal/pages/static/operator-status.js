// Whether the functions answer. Each is asked for something that needs no key; a refusal is an answer, too.
import { button, h, mark, table } from "./dom.js";

const TITLES = ["Function", "State", "Time"];
const HEALTH = ["/caas/healthz", "/licenses/healthz"];
const PROBES = [
  ["Health, Config & Consent", "/caas/healthz"],
  ["Health, Licensing", "/licenses/healthz"],
  ["Metrics", "/metrics"],
  ["Public keys", "/caas/publickeys"],
  ["Environment", "/caas/environment"],
  ["Service Directory", "/caas/sd"],
  ["Configuration", "/caas/config/history"],
  ["Consents", "/caas/tenants/-/community/-/consents/-"],
  ["Extensions", "/caas/extension/status"],
  ["Secret Store", "/caas/root-key"],
  ["Licence keys", "/licenses/servicekey/current"],
  ["Authorisations", "/licenses/community/-/licensecheck"],
  ["Config API", "/api/client/v1/config/groups"],
  ["Config API, tokens", "/caas/config-tokens"],
  ["ECDSA helper", "/caas/ecdsa_helper"],
  ["Audit log", "/caas/audit/key"],
  ["QNSP: operators", "/caas/qnsp/tenants"],
  ["QNSP: access policies", "/access/v1/simulate/history"],
  ["QNSP: access for a time", "/access/v1/jit/policies"],
  ["QNSP: security monitoring", "/security/v1/playbooks"],
  ["QNSP: observability", "/observability/v1/dashboards"],
  ["QNSP: search", "/search/v1/analytics/metrics"],
  ["QNSP: auth", "/auth/risk/policies"],
  ["QNSP: audit", "/audit/v1/events"],
  ["QNSP: tenants", "/tenant/v1/quotas/current"],
  ["QNSP: billing", "/billing/v1/analytics/revenue/summary"],
  ["QNSP: key creation", "/kms/v1/byohsm/keys"],
  ["QNSP: security modules", "/kms/v1/byohsm/connections"],
  ["QNSP: key analytics", "/kms/v1/analytics/alerts"],
  ["QNSP: escrow", "/kms/v1/escrow/policies"],
  ["QNSP: crypto agility", "/kms/v1/crypto-agility/migration-readiness"],
  ["QNSP: crypto inventory", "/crypto/v1/deprecation/policies"],
  ["QNSP: storage", "/storage/v1/classification/policies"],
  ["QNSP: dynamic secrets", "/vault/v1/dynamic-secrets/configs"],
  ["QNSP: versioned secrets", "/vault/v1/versioned-secrets/stats"],
  ["QNSP: leakage detection", "/vault/v1/leakage-detection/policies"],
  ["QNSP: AI orchestrator", "/ai/v1/costs/analytics"],
  ["QNSP: AI safety", "/ai/v1/bias/summary"],
  ["Portal: accounts", "/portal/config"],
  ["Portal: developers", "/portal/developer/meta_fields"],
  ["Portal: files", "/portal/files"],
  ["Portal: applications", "/portal/applications"],
  ["Portal: credentials", "/portal/credentials/jwt"],
  ["Portal: introspection", "/portal/introspect"],
  ["Portal: operators", "/caas/portal/services"],
];

export async function status() {
  const place = h("div", { class: "stack" });
  const draw = async () => {
    const open = place.querySelector("details")?.open;
    const found = await Promise.all(PROBES.map(probe));
    const silent = found.filter((one) => !one.runs);
    const rows = (list) => list.map(({ name, state, time }) => [name, state, time]);
    place.replaceChildren(...[
      h("p", {}, silent.length === 0 ? mark("good", "all answer") : mark("bad", `${silent.length} do not answer`), ` ${found.length - silent.length} of ${found.length} functions answer.`),
      silent.length > 0 && table("Functions that do not answer", TITLES, rows(silent)),
      h("details", { open }, h("summary", {}, "Every function"), table("Functions", TITLES, rows(found))),
    ].filter(Boolean));
  };
  await draw();
  return h("section", { class: "card stack", "aria-label": "Status" },
    h("div", { class: "row apart" }, h("h2", {}, "Status"), button("Ask again", "quiet small", draw)),
    place);
}

async function probe([name, path]) {
  const started = performance.now();
  const answer = await fetch(path, { cache: "no-store", credentials: "omit" }).catch(() => null);
  const time = `${Math.round(performance.now() - started)} ms`;
  // Without a key most functions refuse, which they do only when they run.
  const runs = answer && (answer.ok || (!HEALTH.includes(path) && answer.status < 500 && answer.status !== 404));
  return { name, runs, state: runs ? mark("good", "answers") : mark("bad", answer ? `answers ${answer.status}` : "no answer"), time };
}
