// What a month cost, budgets, and what is unusual: a budget that is used up is an anomaly like any other.
import { call } from "./bearer.js";
import { announce, button, h, mark, table, when } from "./dom.js";
import { form } from "./form.js";
import { bar } from "./plot.js";

const PATH = "/observability/v1";
const SEVERITIES = { critical: "bad", high: "bad", medium: "warn", low: "" };
const STATES = { open: "bad", acknowledged: "warn", resolved: "good" };

export async function costs() {
  const { period, totalCost, currency, byService, byCurrency, trend } = await call("GET", `${PATH}/costs/summary`);
  const money = (value, of = currency) => new Intl.NumberFormat(undefined, { style: "currency", currency: of }).format(value);
  const change = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1, signDisplay: "exceptZero" }).format(trend.change);
  const greatest = Math.max(...Object.values(byService), 0) || 1;
  return [
    h("p", {}, `${period}: `, h("strong", {}, money(totalCost)), " ", mark("", `${trend.direction}, ${change} %`), Object.entries(byCurrency ?? {}).map(([of, value]) => ` and ${money(value, of)}`)),
    table("Costs by service", ["Service", "Share", "This month"], Object.entries(byService).map(([name, value]) => [h("strong", {}, name), bar(value / greatest), money(value)])),
  ];
}

export async function anomalies(draw) {
  const { anomalies: found } = await call("GET", `${PATH}/anomaly-detection/anomalies`);
  if (found.length === 0) return h("p", { class: "muted" }, "Nothing unusual is known.");
  const rows = found.map((one) => {
    const acknowledge = button("Acknowledge", "small", async () => {
      await call("POST", `${PATH}/anomaly-detection/anomalies/${one.anomalyId}/acknowledge`);
      announce("The anomaly is acknowledged.");
      await draw();
    });
    acknowledge.setAttribute("aria-label", `Acknowledge ${one.metric}`);
    return [
      h("code", { class: "wrap" }, one.metric),
      mark(SEVERITIES[one.severity] ?? "", one.severity),
      mark(STATES[one.status] ?? "", one.status),
      when(Date.parse(one.detectedAt) / 1000),
      one.status === "open" ? acknowledge : "",
    ];
  });
  return table("Anomalies", ["Series", "Severity", "State", "Since", "Action"], rows);
}

const number = (value) => (Number(value) > 0 ? null : "Please enter a number above 0.");

export const newBudget = () => form({
  fields: [
    { name: "name", label: "Name of the budget" },
    { name: "amount", label: "Amount", inputmode: "decimal", check: number },
    { name: "currency", label: "Currency", value: "USD" },
    { name: "period", label: "Period", options: ["monthly", "quarterly", "yearly"].map((value) => [value, value]) },
    { name: "thresholds", label: "Alerts", required: false, value: "80, 100", hint: "Percent of the amount, with commas between; each becomes an anomaly when it is reached.",
      check: (value) => value.split(",").map((one) => number(one.trim())).find(Boolean) },
  ],
  submit: "Make the budget",
  send: async ({ name, amount, currency, period, thresholds }) => {
    const alerts = thresholds === "" ? [] : thresholds.split(",").map((one) => ({ threshold: Number(one.trim()) }));
    await call("POST", `${PATH}/costs/budgets`, { name, amount: Number(amount), currency, period, alerts });
    announce(`The budget ${name} is made.`);
  },
});
