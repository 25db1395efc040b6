// Dynamic secrets: what makes credentials, and the leases of those that were made. Nothing shown here is a credential.
import { call } from "./bearer.js";
import { announce, button, confirmed, h, mark, named, table, when } from "./dom.js";
import { opened } from "./operator-opened.js";

const PATH = "/vault/v1/dynamic-secrets";
const MOST = 200;
const STATES = { active: "good", expired: "", revoked: "warn" };
const MAKES = { database: "users of a database", api_key: "API keys" };
const MINUTE = 60 * 1000;

const moment = (text) => when(Date.parse(text) / 1000);

export async function leases() {
  const [{ configs, total }, counts] = await Promise.all([call("GET", `${PATH}/configs?limit=${MOST}`), call("GET", `${PATH}/stats`)]);
  if (configs.length === 0) return h("p", { class: "muted" }, "Nothing makes credentials yet. Configurations are made with POST /vault/v1/dynamic-secrets/configs.");
  const place = opened();
  const rows = configs.map((one) => [
    h("strong", { class: "wrap" }, one.name),
    MAKES[one.type] ?? one.type,
    String(one.activeLeases),
    named(`Leases of ${one.name}`, button("Leases", "quiet small", () => place.open(() => ofConfig(one)))),
  ]);
  return [
    h("p", {}, h("strong", {}, `${counts.activeLeases} active`), ` leases, ${counts.expiredLeases} expired, ${counts.revokedLeases} revoked.`),
    table("Configurations", ["Name", "Makes", "Active leases", "Action"], rows),
    total > configs.length && h("p", { class: "muted" }, `The oldest ${configs.length} of ${total}.`),
    place.element,
  ];
}

async function ofConfig(config, offset = 0) {
  const { leases: found } = await call("GET", `${PATH}/configs/${config.configId}/leases?limit=${MOST}&offset=${offset}`);
  const place = h("div", { class: "stack" });
  const again = async (at = offset) => place.replaceWith(...(await ofConfig(config, at)));
  const revokeAll = button("Revoke all", "danger small", async () => {
    if (!(await confirmed(`Revoke all active leases of ${config.name}?`, "Also those that are not on this page. Keys stop working at once; users of a database are removed one after another. This cannot be undone.", "Revoke all"))) return;
    const { revokedLeases } = await call("POST", `${PATH}/configs/${config.configId}/revoke`);
    await again();
    announce(revokedLeases === 1 ? "One lease is revoked." : `${revokedLeases} leases are revoked.`);
  });
  place.append(
    h("h4", { tabindex: "-1" }, `Leases of ${config.name}`),
    found.length === 0 ? h("p", { class: "muted" }, "There is no lease. Those that ended are listed for 30 days.") : table(`Leases of ${config.name}`, ["Lease", "State", "Since", "Ends", "Action"], found.map((one) => row(one, again))),
    h("div", { class: "row" },
      ...[found.some((one) => one.status === "active") && named(`Revoke all leases of ${config.name}`, revokeAll), offset > 0 && button("Newer leases", "quiet small", () => again(offset - MOST)), found.length === MOST && button("Older leases", "quiet small", () => again(offset + MOST))].filter(Boolean)),
  );
  return [place];
}

function row(lease, again) {
  const isActive = lease.status === "active";
  const left = Math.ceil((Date.parse(lease.expiresAt) - Date.now()) / MINUTE);
  const renew = button("Renew", "quiet small", async () => {
    await call("POST", `${PATH}/leases/${lease.leaseId}/renew`, {});
    await again();
    announce("The lease is renewed.");
  });
  const revoke = button("Revoke", "danger small", async () => {
    if (!(await confirmed("Revoke this lease?", "Its credentials stop working at once, and what is connected with them is ended. This cannot be undone.", "Revoke"))) return;
    await call("POST", `${PATH}/leases/${lease.leaseId}/revoke`);
    await again();
    announce("The lease is revoked.");
  });
  return [
    h("code", { class: "wrap" }, lease.leaseId),
    mark(STATES[lease.status] ?? "", lease.status),
    moment(lease.createdAt),
    [moment(lease.expiresAt), isActive && h("p", { class: "muted" }, left === 1 ? "a minute left" : `${left} minutes left`)],
    isActive ? h("div", { class: "row" }, named(`Renew lease ${lease.leaseId}`, renew), named(`Revoke lease ${lease.leaseId}`, revoke)) : "–",
  ];
}
