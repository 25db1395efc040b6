// Secrets that leaked: what was found or reported, what was done about it, and what is looked for. What matched a pattern is
// kept nowhere, so it is not shown either.
import { call } from "./bearer.js";
import { announce, asked, button, h, mark, named, table, when, words } from "./dom.js";
import { form } from "./form.js";
import { opened } from "./operator-opened.js";
import { columns } from "./plot.js";

const PATH = "/vault/v1/leakage-detection";
const MOST = 50;
const SEVERITIES = { critical: "bad", high: "bad", medium: "warn", low: "" };
const STATES = { open: "bad", investigating: "warn", resolved: "good", false_positive: "" };
const EVENTS = { created: "Found", updated: "Changed", rotated: "Secret rotated", revoked: "Secret revoked", delivered: "Told", undeliverable: "Could not be told" };

const moment = (text) => when(Date.parse(text) / 1000);
const state = (text) => mark(STATES[text] ?? "", words(text));
const severity = (text) => mark(SEVERITIES[text] ?? "", text);
const needed = (label) => ({ label, wrong: (value) => (value === "" && "Please say it in a few words.") || (value.length > 2000 && "Please say it in at most 2,000 characters.") });

export async function incidents(draw, filter = {}, offset = 0) {
  const query = new URLSearchParams({ ...filter, limit: String(MOST), offset: String(offset) });
  const [{ incidents: found }, counts] = await Promise.all([call("GET", `${PATH}/incidents?${query}`), call("GET", `${PATH}/stats`)]);
  const place = opened();
  const show = (one) => place.open(() => incident(one.incidentId, draw, filter, offset));
  const rows = found.map((one) => [
    h("strong", { class: "wrap" }, one.secretId),
    one.source,
    severity(one.severity),
    state(one.status),
    moment(one.detectedAt),
    named(`Open the incident of ${one.secretId}`, button("Open", "quiet small", () => show(one))),
  ]);
  return [
    h("p", {}, h("strong", {}, `${counts.openIncidents} open`), ` of ${counts.totalIncidents}; ${counts.resolvedIncidents} are closed.`),
    counts.totalIncidents > 0 && columns("Incidents by severity", Object.entries(counts.bySeverity).map(([name, value]) => ({ name, value, text: String(value) }))),
    search(filter, (values) => draw(values)),
    found.length === 0 ? h("p", { class: "muted" }, counts.totalIncidents === 0 ? "No secret is known to have leaked." : "No incident is like that.") : table("Incidents", ["Secret", "Found at", "Severity", "State", "Since", "Action"], rows),
    h("div", { class: "row" }, ...[
      offset > 0 && button("Newer incidents", "quiet small", () => draw(filter, offset - MOST)),
      found.length === MOST && button("Older incidents", "quiet small", () => draw(filter, offset + MOST)),
    ].filter(Boolean)),
    place.element,
  ];
}

const search = (filter, send) => form({
  compact: true,
  fields: [
    { name: "status", label: "State", value: filter.status ?? "", required: false, options: [["", "any"], ...Object.keys(STATES).map((name) => [name, words(name)])] },
    { name: "severity", label: "Severity", value: filter.severity ?? "", required: false, options: [["", "any"], ...Object.keys(SEVERITIES).map((name) => [name, name])] },
  ],
  submit: "Show",
  kind: "quiet",
  send: (values) => send(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""))),
});

async function incident(id, draw, filter, offset) {
  const one = await call("GET", `${PATH}/incidents/${id}`);
  const place = h("section", { class: "stack", "aria-label": "Incident" });
  const change = async (body, said) => {
    await call("PATCH", `${PATH}/incidents/${id}`, body);
    await draw(filter, offset);
    announce(said);
  };
  const resolve = async () => {
    const resolution = await asked("Resolve this incident?", "It stays resolved. Please say what was done, such as which secret was replaced.", "Resolve", needed("Resolution"));
    if (resolution !== null) await change({ status: "resolved", resolution }, "The incident is resolved.");
  };
  const dismiss = async () => {
    const resolution = await asked("Is this a false positive?", "It stays one, and is not opened again. Please say why, such as that the value is an example.", "It is a false positive", needed("Why it is no leak"));
    if (resolution !== null) await change({ status: "false_positive", resolution }, "The incident is a false positive.");
  };
  const add = async () => {
    const notes = await asked("Add a note", "It is kept with the incident. Please do not write the secret itself.", "Add", needed("Note"));
    if (notes === null) return;
    await call("PATCH", `${PATH}/incidents/${id}`, { notes });
    announce("The note is added.");
    place.replaceWith(...(await incident(id, draw, filter, offset)));
  };
  const isOver = ["resolved", "false_positive"].includes(one.status);
  place.append(
    h("h4", { tabindex: "-1", class: "wrap" }, `Leak of ${one.secretId}`),
    h("dl", {},
      entry("Severity", severity(one.severity)), entry("State", state(one.status)), entry("Found at", one.source),
      one.location && entry("Place", one.location), entry("Since", moment(one.detectedAt)), Object.entries(one.details).map(([name, value]) => entry(name, said(value)))),
    h("div", { class: "row", role: "group", "aria-label": "Actions" }, ...[
      one.status === "open" && button("Investigate", "small", () => change({ status: "investigating" }, "The incident is being investigated.")),
      !isOver && button("Resolve", one.status === "open" ? "quiet small" : "small", resolve),
      !isOver && button("False positive", "quiet small", dismiss),
      button("Add a note", "quiet small", add),
    ].filter(Boolean)),
    h("h5", {}, "What happened"),
    h("ol", { class: "stack tight entries", "aria-label": "Timeline" }, one.timeline.map(step)),
  );
  return [place];
}

const entry = (name, value) => [h("dt", {}, name), h("dd", { class: "wrap" }, value)];
const said = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value));

const step = ({ at, actor, event, from, to, notes }) =>
  h("li", { class: "stack tight" },
    h("div", { class: "row" }, h("strong", {}, EVENTS[event] ?? event), to && state(to), to && from && h("span", { class: "muted" }, `was ${words(from)}`)),
    notes && h("p", { class: "wrap" }, notes),
    h("p", { class: "muted wrap" }, moment(at), " · ", actor));

export async function policies() {
  const { policies: found } = await call("GET", `${PATH}/policies`);
  if (found.length === 0) return h("p", { class: "muted" }, "Nothing is looked for yet. Policies are made with POST /vault/v1/leakage-detection/policies.");
  return table("Policies", ["Policy", "State", "Patterns"], found.map((one) => [h("strong", { class: "wrap" }, one.name), one.enabled ? mark("good", "enabled") : mark("", "disabled"), String(one.secretPatterns)]));
}
