// What an API key of QNSP lets its tenant see, by views.
import { current, forget, open } from "./bearer.js";
import { announce, button, h, mark } from "./dom.js";
import { form } from "./form.js";
import { from, views } from "./views.js";

const access = () => import("./operator-access.js");
const classification = () => import("./operator-classification.js");
const costs = () => import("./operator-costs.js");
const keys = () => import("./operator-keys.js");
const leakage = () => import("./operator-leakage.js");
const security = () => import("./operator-security.js");
const usage = () => import("./operator-usage.js");

const VIEWS = [
  ["Quotas and usage", [["Quotas", from(usage, "quotas")], ["Usage", from(usage, "usage")]]],
  ["Revenue", [["Revenue", from(usage, "revenue")]]],
  ["Access", [["Requests for access", from(access, "requests")], ["Active grants", from(access, "grants")], ["Who reaches what", from(access, "graph")]]],
  ["Keys", [["Keys", from(keys, "keys")], ["Readiness", from(keys, "readiness")], ["Adoption", from(keys, "adoption")]]],
  ["Escrow", [["Keys in escrow", from(() => import("./operator-escrow.js"), "escrows")]]],
  ["Secrets", [["Secrets", from(() => import("./operator-secrets.js"), "secrets")]]],
  ["Leases", [["Leases", from(() => import("./operator-leases.js"), "leases")]]],
  ["Leaks", [["Incidents", from(leakage, "incidents")], ["What is looked for", from(leakage, "policies")]]],
  ["Classification", [["Documents by classification", from(classification, "totals")], ["Policies", from(classification, "policies")], ["Documents", from(classification, "documents")]]],
  ["Security", [["Attack paths", from(security, "attacks")], ["Playbooks that wait", from(security, "executions")]]],
  ["Costs", [["Costs", from(costs, "costs")], ["Anomalies", from(costs, "anomalies")], ["New budget", from(costs, "newBudget")]]],
  ["Dashboards", [["Dashboards", from(() => import("./operator-dashboards.js"), "dashboards")]]],
  ["Events", [["Events", from(() => import("./operator-tail.js"), "tail")]]],
];

export async function tenant(draw) {
  const found = current();
  if (!found) return ask(draw);
  const out = button("Forget the API key", "quiet small", async () => {
    forget();
    announce("The API key is forgotten.");
    await draw();
  });
  return [
    h("div", { class: "row apart" }, h("p", { class: "wrap" }, "Tenant ", h("code", {}, found.tenantId), " ", mark("", found.tier)), out),
    ...(await views("What is shown of the tenant", VIEWS)),
  ];
}

const ask = (draw) => [
  h("p", { class: "muted" }, "With an API key you see the quotas, the usage, the revenue and the events of its tenant. The key is kept in this page only; reloading the page, or a quarter of an hour without a request, forgets it."),
  form({
    fields: [{ name: "key", label: "API key", type: "password", hint: "It begins with qnsp_pqc_." }],
    submit: "Look into the tenant",
    send: async ({ key }) => {
      await open(key.trim());
      await draw();
    },
  }),
];
