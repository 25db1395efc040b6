// What a tenant has used of its quotas, what is billed, and what a provider earns with it.
import { call, current } from "./bearer.js";
import { h, mark, table } from "./dom.js";
import { bar, columns } from "./plot.js";

const MONTHS = 6;
const number = (value) => new Intl.NumberFormat(undefined, { maximumFractionDigits: 2 }).format(value);
const percent = (share) => new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 }).format(share);

export async function quotas() {
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

export async function usage() {
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

export async function revenue() {
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
