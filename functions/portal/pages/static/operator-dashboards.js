// Dashboards, with what their panels ask for.
import { call } from "./bearer.js";
import { button, h, mark, table, when } from "./dom.js";
import { line } from "./plot.js";

const PATH = "/observability/v1/dashboards";
/** So many points of a table are shown, the newest. */
const POINTS = 20;
const number = (value) => new Intl.NumberFormat(undefined, { maximumFractionDigits: 6 }).format(value);

export async function dashboards() {
  const { dashboards: found } = await call("GET", PATH);
  if (found.length === 0) return h("p", { class: "muted" }, "There is no dashboard that you may see. They are made with POST /observability/v1/dashboards.");
  const place = h("div", { class: "stack tight", "aria-live": "polite" });
  const rows = found.map((one) => {
    const show = button("Show", "small", async () => place.replaceChildren(...drawn(await call("GET", `${PATH}/${one.dashboardId}?data=true`))));
    show.setAttribute("aria-label", `Show ${one.name}`);
    return [h("strong", {}, one.name), [one.shared && [mark("", "shared"), " "], one.starred && mark("good", "starred")], show];
  });
  return [table("Dashboards", ["Dashboard", "State", "Action"], rows), place];
}

function drawn({ name, description, layout, panels }) {
  const grid = h("div", { class: "panels" });
  grid.style.gridTemplateColumns = `repeat(${layout.columns}, minmax(0, 1fr))`;
  for (const panel of panels) {
    const section = h("section", { class: "stack tight", "aria-label": panel.title }, h("h5", {}, panel.title), content(panel));
    const { x, y, w, h: height } = panel.position;
    section.style.gridColumn = `${x + 1} / span ${w}`;
    section.style.gridRow = `${y + 1} / span ${height}`;
    grid.append(section);
  }
  return [h("h4", {}, name), description && h("p", { class: "muted" }, description), grid].filter(Boolean);
}

function content({ type, title, query, data }) {
  if (type === "text") return h("p", {}, query);
  if (!data || data.length === 0) return h("p", { class: "muted" }, "Nothing was recorded in the last 24 hours.");
  const points = data.map(({ t, v }) => ({ at: Date.parse(t), value: v })).sort((a, b) => a.at - b.at);
  const last = points.at(-1);
  if (type === "metric") return [h("p", { class: "value" }, number(last.value)), h("p", { class: "muted" }, query, ", ", when(last.at / 1000))];
  if (type === "chart") return [line(title, points), h("p", { class: "muted" }, query, `, last ${number(last.value)}`)];
  return table(title, ["Time", "Value"], points.slice(-POINTS).reverse().map(({ at, value }) => [when(at / 1000), number(value)]));
}
