// What an API key of QNSP lets its tenant see, by views.
import { call, current, forget, open } from "./bearer.js";
import { announce, button, h, mark, table } from "./dom.js";
import { form } from "./form.js";
import { graph, grants, requests } from "./operator-access.js";
import * as classification from "./operator-classification.js";
import { anomalies, costs, newBudget } from "./operator-costs.js";
import { dashboards } from "./operator-dashboards.js";
import { escrows } from "./operator-escrow.js";
import { adoption, keys, readiness } from "./operator-keys.js";
import { incidents, policies } from "./operator-leakage.js";
import { leases } from "./operator-leases.js";
import { secrets } from "./operator-secrets.js";
import { attacks, executions } from "./operator-security.js";
import { tail } from "./operator-tail.js";
import { bar, columns } from "./plot.js";
import { views } from "./views.js";

const MONTHS = 6;
const number = (value) => new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 }).format(value);
const percent = (share) => new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 }).format(share);

const VIEWS = [
  ["Quotas and usage", [["Quotas", quotas], ["Usage", usage]]],
  ["Revenue", [["Revenue", revenue]]],
  ["Access", [["Requests for access", requests], ["Active grants", grants], ["Who reaches what", graph]]],
  ["Keys", [["Keys", keys], ["Readiness", readiness], ["Adoption", adoption]]],
  ["Escrow", [["Keys in escrow", escrows]]],
  ["Secrets", [["Secrets", secrets]]],
  ["Leases", [["Leases", leases]]],
  ["Leaks", [["Incidents", incidents], ["What is looked for", policies]]],
  ["Classification", [["Documents by classification", classification.totals], ["Policies", classification.policies], ["Documents", classification.documents]]],
  ["Security", [["Attack paths", attacks], ["Playbooks that wait", executions]]],
  ["Costs", [["Costs", costs], ["Anomalies", anomalies], ["New budget", newBudget]]],
  ["Dashboards", [["Dashboards", dashboards]]],
  ["Events", [["Events", tail]]],
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

async function quotas() {
  const { quotas: found } = await call("GET", "/tenant/v1/quotas/current");
  // The forecast is of a higher tier than the quotas.
  const forecasts = await call("POST", "/tenant/v1/quotas/forecast", {}).then((found) => found.forecasts, () => []);
  const rows = found.map(({ quotaType, quotaName, used, limit }) => {
    const expected = forecasts.find((one) => one.quotaType === quotaType)?.projectedUsage;
    const bounded = limit >= 0;
    const share = (value) => (limit > 0 ? value / limit : Number(value > 0));
    return [
      h("strong", {}, quotaName),
      bounded ? bar(share(used), expected === undefined ? undefined : share(expected), { limit: true }) : "",
      bounded ? `${number(used)} of ${number(limit)}` : `${number(used)}, without a limit`,
      expected === undefined ? "–" : number(expected),
    ];
  });
  return table("Quotas", ["Quota", "Share", "Used", "In 30 days"], rows);
}

async function usage() {
  const { forecasts } = await call("GET", `/billing/v1/forecasting/usage/${current().tenantId}`);
  if (forecasts.length === 0) return h("p", { class: "muted" }, "Nothing that is billed was used in the last 30 days.");
  const greatest = Math.max(...forecasts.map((one) => Math.max(one.currentValue, one.forecastedValue)), 1);
  const rows = forecasts.map(({ metric, currentValue, forecastedValue, confidence }) => [
    h("code", {}, metric),
    bar(currentValue / greatest, forecastedValue / greatest),
    number(currentValue),
    number(forecastedValue),
    percent(confidence),
  ]);
  return table("Usage", ["Operation", "Share", "Last 30 days", "Next 30 days", "Confidence"], rows);
}

/** The last months, the oldest first, as the API names them. */
function months() {
  const now = new Date();
  return Array.from({ length: MONTHS }, (_, back) => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - MONTHS + 1 + back)).toISOString().slice(0, 7));
}

async function revenue() {
  const path = "/billing/v1/analytics/revenue";
  const [{ byService }, ...summaries] = await Promise.all([
    call("GET", `${path}/by-service`),
    ...months().map((period) => call("GET", `${path}/summary?period=${period}`)),
  ]);
  const { currency, mrr, arr, growth } = summaries.at(-1);
  const money = (value) => new Intl.NumberFormat(undefined, { style: "currency", currency }).format(value);
  const points = summaries.map(({ period, totalRevenue }) => ({ name: period, value: totalRevenue, text: money(totalRevenue) }));
  const kind = { up: "good", down: "warn", stable: "" }[growth.direction];
  return [
    h("p", {}, "Monthly recurring ", h("strong", {}, money(mrr)), ", yearly ", h("strong", {}, money(arr)), " ", mark(kind, `${growth.direction} ${percent(growth.percentage / 100)}`)),
    columns("Revenue by month", points),
    byService.length > 0 && table("Revenue by service", ["Service", "Share", "This month", "Trend"],
      byService.map(({ service, revenue: amount, percentage, trend }) => [h("strong", {}, service), bar(percentage / 100), money(amount), trend])),
  ].filter(Boolean);
}
