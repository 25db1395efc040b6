// Just-in-time access: requests that wait for a decision, and grants that can be revoked; and who reaches what.
import { call } from "./bearer.js";
import { announce, asked, button, h, table, when } from "./dom.js";
import { ways } from "./plot.js";

const PATH = "/access/v1/jit";
const REQUESTS = 100;
/** The grants of so many users are shown: those who were last approved. */
const USERS = 20;

/** So many ways are drawn: those that are used most. */
const WAYS = 60;

const moment = (text) => when(Date.parse(text) / 1000);
const resource = (of) => h("code", { class: "wrap" }, `${of.resourceType}/${of.resourceId}`);
const needed = { label: "Reason", wrong: (value) => value === "" && "Please give a reason." };

function action(text, kind, label, work) {
  const element = button(text, kind, work);
  element.setAttribute("aria-label", label);
  return element;
}

export async function requests(draw) {
  const { requests: pending, total } = await call("GET", `${PATH}/requests?status=pending&limit=${REQUESTS}`);
  if (pending.length === 0) return h("p", { class: "muted" }, "No request waits for a decision.");
  const process = async (one, body, said) => {
    await call("POST", `${PATH}/requests/${one.requestId}/process`, body);
    announce(`The request is ${said}.`);
    await draw();
  };
  const rows = pending.map((one) => {
    const about = `${one.resourceType}/${one.resourceId} for ${one.requesterId}`;
    const deny = async () => {
      const reason = await asked("Deny this request?", `It is about ${about}.`, "Deny", needed);
      if (reason !== null) await process(one, { decision: "deny", reason }, "denied");
    };
    return [
      [resource(one), h("p", {}, one.permissions.join(", "))],
      [h("span", { class: "wrap" }, one.requesterId), h("p", { class: "muted" }, one.justification)],
      `${one.duration} minutes`,
      moment(one.requestedAt),
      h("div", { class: "row" },
        action("Approve", "small", `Approve ${about}`, () => process(one, { decision: "approve" }, "approved")),
        action("Deny", "danger small", `Deny ${about}`, deny)),
    ];
  });
  return [
    table("Requests for access", ["Access", "Requester", "For", "Since", "Decision"], rows),
    total > pending.length && h("p", { class: "muted" }, `The newest ${pending.length} of ${total}.`),
  ];
}

export async function grants(draw) {
  const { requests: approved } = await call("GET", `${PATH}/requests?status=approved&limit=${REQUESTS}`);
  const users = [...new Set(approved.map((one) => one.requesterId))];
  const shown = users.slice(0, USERS);
  const found = await Promise.all(shown.map(async (user) => ({ user, ...(await call("GET", `${PATH}/grants/user/${encodeURIComponent(user)}`)) })));
  const rows = found.flatMap(({ user, activeGrants }) => activeGrants.map((one) => [
    [resource(one), h("p", {}, one.permissions.join(", "))],
    h("span", { class: "wrap" }, user),
    moment(one.grantedAt),
    [moment(one.expiresAt), h("p", { class: "muted" }, `${one.remainingMinutes} minutes left`)],
    action("Revoke", "danger small", `Revoke ${one.resourceType}/${one.resourceId} of ${user}`, async () => {
      const reason = await asked("Revoke this grant?", `${user} has no access from the next check on.`, "Revoke", needed);
      if (reason === null) return;
      await call("POST", `${PATH}/grants/${one.grantId}/revoke`, { reason });
      announce("The grant is revoked.");
      await draw();
    }),
  ]));
  return [
    rows.length === 0 ? h("p", { class: "muted" }, "Nobody has access for a time.") : table("Active grants", ["Access", "User", "Since", "Ends", "Action"], rows),
    users.length > shown.length && h("p", { class: "muted" }, `The grants of the ${USERS} users who were last approved.`),
  ];
}

export async function graph() {
  const { nodes, edges, truncated } = await call("GET", "/access/v1/cross-tenant/graph");
  const names = new Map(nodes.map((node) => [node.id, node.label]));
  const all = edges.filter((edge) => edge.type === "access").sort((a, b) => b.weight - a.weight);
  if (all.length === 0) return h("p", { class: "muted" }, "No access was simulated or granted in the last 30 days.");
  const found = all.slice(0, WAYS).map(({ source, target, weight }) => ({ from: names.get(source), to: names.get(target), weight }));
  const distinct = (side) => [...new Set(found.map((way) => way[side]))].sort();
  return [
    ways("Who reaches what", distinct("from"), distinct("to"), found),
    (truncated || all.length > WAYS) && h("p", { class: "muted" }, `The ${found.length} ways that are used most; there are more.`),
    h("details", {}, h("summary", {}, "As a table"), table("Ways", ["Principal", "Resource", "Times"], found.map(({ from, to, weight }) => [from, h("code", { class: "wrap" }, to), String(weight)]))),
  ];
}
