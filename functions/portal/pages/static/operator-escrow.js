// Keys in escrow: their agents claim shares; a recovery is asked for, has its shares submitted, is approved by somebody else,
// and gives the key once.
import { call } from "./bearer.js";
import { announce, asked, button, h, mark, shownOnce, table, when } from "./dom.js";
import { form } from "./form.js";

const PATH = "/kms/v1/escrow";
const STATES = { active: "good", recovered: "warn", expired: "bad" };
const OPEN = ["pending_shares", "ready_for_approval", "approved"];
const moment = (text) => when(Date.parse(text) / 1000);
const needed = { label: "Reason", wrong: (value) => value === "" && "Please give a reason." };
const once = (title, values) => document.getElementById("main").prepend(shownOnce(title, values));

export async function escrows() {
  const [{ escrowedKeys }, { policies }] = await Promise.all([call("GET", `${PATH}/keys`), call("GET", `${PATH}/policies`)]);
  if (escrowedKeys.length === 0) return h("p", { class: "muted" }, "No key is in escrow. A key is put there with POST /kms/v1/escrow/keys, under a policy that names its agents.");
  const names = new Map(policies.map((policy) => [policy.policyId, policy.name]));
  const place = h("div", { class: "stack", "aria-live": "polite" });
  const open = async (one) => {
    const draw = async () => place.replaceChildren(...(await ceremony(one, draw)));
    await draw();
  };
  const rows = escrowedKeys.map((one) => {
    const show = button("Open", "quiet small", () => open(one));
    show.setAttribute("aria-label", `Open the escrow of ${one.keyId}`);
    return [h("code", { class: "wrap" }, one.keyId), names.get(one.policyId) ?? one.policyId, mark(STATES[one.status] ?? "", one.status), moment(one.createdAt), show];
  });
  return [table("Keys in escrow", ["Key", "Policy", "State", "Since", "Action"], rows), place];
}

/** The steps of one escrow, those that are done and the next one. */
async function ceremony({ escrowId }, draw) {
  const [escrow, { events }] = await Promise.all([call("GET", `${PATH}/keys/${escrowId}`), call("GET", `${PATH}/audit?escrowId=${escrowId}&eventType=initiated&limit=200`)]);
  const last = events.at(-1)?.details.requestId;
  const recovery = last && (await call("GET", `${PATH}/recovery/${last}`));
  const isOpen = OPEN.includes(recovery?.status);
  const steps = [
    ["Shares", await agents(escrow, draw)],
    ["Recovery", isOpen ? h("p", {}, "Asked for ", moment(recovery.createdAt), ".") : [recovery && h("p", {}, `The last one was ${recovery.status}.`), escrow.status === "active" && initiate(escrowId, draw)]],
    isOpen && ["Submitted shares", submit(escrow, recovery, draw)],
    isOpen && recovery.status !== "approved" && ["Approval", decide(recovery, draw)],
    isOpen && recovery.status === "approved" && ["Key", execute(recovery, draw)],
  ].filter(Boolean);
  return [
    h("h4", {}, "Escrow of ", h("code", { class: "wrap" }, escrow.keyId)),
    h("p", { class: "muted" }, `${escrow.recoveryThreshold} shares give the key back. It ends `, moment(escrow.expiresAt), "."),
    h("ol", { class: "stack entries", "aria-label": "Steps" }, steps.map(([title, content]) => h("li", { class: "stack tight" }, h("strong", {}, title), content))),
  ];
}

function agents({ escrowId, agents: all }, draw) {
  const rows = all.filter((agent) => agent.role !== "witness").map(({ agentId, role, claimed }) => {
    const claim = button("Claim", "small", async () => {
      const { share } = await call("POST", `${PATH}/keys/${escrowId}/shares/claim`, { agentId });
      once("Your share", { share });
      await draw();
    });
    claim.setAttribute("aria-label", `Claim the share of ${agentId}`);
    return [h("span", { class: "wrap" }, agentId), role, claimed ? mark("good", "claimed") : claim];
  });
  return table("Agents", ["Agent", "Role", "Share"], rows);
}

const initiate = (escrowId, draw) => form({
  fields: [
    { name: "reason", label: "Reason of the recovery" },
    { name: "urgency", label: "Urgency", options: ["normal", "urgent", "emergency"].map((value) => [value, value]) },
  ],
  submit: "Ask for the recovery",
  send: async (body) => {
    await call("POST", `${PATH}/recovery/initiate`, { escrowId, ...body });
    announce("The recovery is asked for.");
    await draw();
  },
});

function submit({ agents: all }, { requestId, requiredShares, submittedShares, status }, draw) {
  const count = h("p", {}, `${submittedShares} of ${requiredShares} shares are submitted.`);
  if (status !== "pending_shares") return count;
  const holders = all.filter((agent) => agent.role !== "witness").map(({ agentId }) => [agentId, agentId]);
  return [count, form({
    fields: [{ name: "agentId", label: "Agent", options: holders }, { name: "share", label: "Share", type: "password" }],
    submit: "Submit the share",
    send: async ({ agentId, share }) => {
      await call("POST", `${PATH}/recovery/submit-share`, { requestId, agentId, share: share.trim() });
      announce("The share is submitted.");
      await draw();
    },
  })];
}

function decide({ requestId, status: now }, draw) {
  const decision = (text, kind, value, title) => button(text, kind, async () => {
    const reason = await asked(title, "Who asked for the recovery cannot decide on it.", text, needed);
    if (reason === null) return;
    const { status } = await call("POST", `${PATH}/recovery/approve`, { requestId, decision: value, reason });
    announce(`The recovery is ${status}.`);
    await draw();
  });
  return h("div", { class: "row" },
    now === "ready_for_approval" && decision("Approve the recovery", "small", "approve", "Approve this recovery?"),
    decision("Deny the recovery", "danger small", "deny", "Deny this recovery?"));
}

const execute = ({ requestId }, draw) => h("div", {}, button("Recover the key", "danger small", async () => {
  const { recoveredKey } = await call("POST", `${PATH}/recovery/execute`, { requestId });
  once("The recovered key", { key: recoveredKey });
  await draw();
}));
