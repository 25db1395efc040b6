// The tenants of QNSP and their API keys. A key is shown once, when it is issued.
import { announce, button, confirmed, h, mark, named, shownOnce, table, when } from "./dom.js";
import { form } from "./form.js";
import { call } from "./sign.js";

const TIERS = [
  "free", "dev-starter", "dev-pro", "dev-elite", "dev-team", "business-team", "business-advanced", "business-elite",
  "enterprise-standard", "enterprise-pro", "enterprise-elite", "specialized",
];
const ROLES = ["viewer", "developer", "service", "admin", "owner", "platform_admin"];
const PATH = "/caas/qnsp/tenants";

const choices = (values) => values.map((value) => [value, value]);
const moment = (text) => (text ? when(Date.parse(text) / 1000) : "–");

export async function tenants(draw, after = "") {
  const { tenants: found, next } = await call("GET", `${PATH}?${new URLSearchParams(after ? { after } : {})}`);
  const keys = h("div", { class: "stack", "aria-live": "polite" });
  const open = async (tenant) => keys.replaceChildren(...(await keysOf(tenant, () => open(tenant))));
  const rows = found.map((tenant) => [
    [h("strong", {}, tenant.name), h("p", { class: "muted wrap" }, tenant.tenantId)],
    [tenant.tier, tenant.addOns.length > 0 && h("p", { class: "muted" }, tenant.addOns.join(", "))],
    tenant.suspendedAt ? mark("bad", "suspended") : mark("good", "active"),
    moment(tenant.createdAt),
    h("div", { class: "row" }, named(`Keys of ${tenant.name}`, button("Keys", "small", () => open(tenant))), suspension(tenant, draw)),
  ]);
  return [
    found.length === 0 ? h("p", { class: "muted" }, "There is no tenant yet.") : table("QNSP tenants", ["Tenant", "Tier", "State", "Made", "Action"], rows),
    h("div", { class: "row" }, after && button("From the first", "quiet small", () => draw()), next && button("Further tenants", "quiet small", () => draw(next))),
    keys,
    h("details", {}, h("summary", {}, "New tenant"), newTenant(draw)),
  ];
}

function suspension(tenant, draw) {
  const suspended = !tenant.suspendedAt;
  const text = suspended ? "Suspend" : "Resume";
  return named(`${text} ${tenant.name}`, button(text, suspended ? "danger small" : "quiet small", async () => {
    const asked = `Every service but billing refuses ${tenant.name} from the next call on, until the tenant is resumed.`;
    if (suspended && !(await confirmed("Suspend this tenant?", asked, "Suspend"))) return;
    await call("PATCH", `${PATH}/${tenant.tenantId}`, { suspended });
    announce(`${tenant.name} is ${suspended ? "suspended" : "active again"}.`);
    await draw();
  }));
}

const newTenant = (draw) => form({
  fields: [
    { name: "name", label: "Name" },
    { name: "tier", label: "Tier", options: choices(TIERS) },
    { name: "addOns", label: "Add-ons", required: false, options: [["", "none"], ["byohsm", "byohsm"], ["key-escrow", "key-escrow"], ["byohsm,key-escrow", "both"]] },
  ],
  submit: "Make the tenant",
  send: async ({ name, tier, addOns }) => {
    await call("PUT", PATH, { name, tier, addOns: addOns === "" ? [] : addOns.split(",") });
    announce(`The tenant ${name} is made.`);
    await draw();
  },
});

async function keysOf({ tenantId, name }, again, after = "") {
  const { keys, next } = await call("GET", `${PATH}/${tenantId}/keys?${new URLSearchParams(after ? { after } : {})}`);
  const rows = keys.map((key) => [
    [h("strong", {}, key.name || "without a name"), h("p", { class: "muted wrap" }, key.keyId)],
    key.roles.join(", "),
    key.revokedAt ? mark("bad", "revoked") : key.expiresAt && Date.parse(key.expiresAt) <= Date.now() ? mark("warn", "expired") : mark("good", "in force"),
    moment(key.createdAt),
    moment(key.expiresAt),
    key.revokedAt ? "" : revocation(key, again),
  ]);
  const place = h("div", { class: "stack" });
  place.append(
    h("h3", {}, `Keys of ${name}`),
    keys.length === 0 ? h("p", { class: "muted" }, "There is no key yet.") : table(`Keys of ${name}`, ["Key", "Roles", "State", "Made", "Expires", "Action"], rows),
    ...(next ? [button("Further keys", "quiet small", async () => place.replaceWith(...(await keysOf({ tenantId, name }, again, next))))] : []),
    newKey(tenantId, place, again),
  );
  return [place];
}

const revocation = (key, again) => named(`Revoke ${key.name || key.keyId}`, button("Revoke", "danger small", async () => {
  if (!(await confirmed("Revoke this key?", "It is refused from the next call on. This cannot be undone.", "Revoke"))) return;
  await call("DELETE", `/caas/qnsp/keys/${key.keyId}`);
  announce("The key is revoked.");
  await again();
}));

const newKey = (tenantId, place, again) => form({
  fields: [
    { name: "role", label: "Role", options: choices(ROLES) },
    { name: "name", label: "Name of the key", required: false, hint: "What the key is for." },
  ],
  submit: "Issue a key",
  send: async ({ role, name }) => {
    const { apiKey } = await call("PUT", `${PATH}/${tenantId}/keys`, { role, ...(name === "" ? {} : { name }) });
    const parent = place.parentElement;
    await again();
    parent.prepend(shownOnce("The new API key", { "API key": apiKey }));
    announce("The key is issued.");
  },
});
