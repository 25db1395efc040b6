// The secrets of a community by their names: who stored each, and when. The API gives values with them; they are dropped
// before anything is shown.
import { announce, button, confirmed, h, named, table, when } from "./dom.js";
import { form } from "./form.js";
import { searched } from "./list.js";
import { age } from "./operator-keys.js";
import { call } from "./sign.js";

const of = (tenant, community) => `/caas/tenants/${encodeURIComponent(tenant)}/community/${encodeURIComponent(community)}/secrets`;

export async function names() {
  const found = h("div", { class: "stack", "aria-live": "polite" });
  const show = async ({ tenant, community }) => found.replaceChildren(...(await stored(tenant, community, () => show({ tenant, community }))));
  return [
    h("p", { class: "muted" }, "Names are shown, and no values. To list them is a read of the secrets, and recorded as one."),
    form({ compact: true, fields: [{ name: "tenant", label: "Tenant" }, { name: "community", label: "Community" }], submit: "List", kind: "quiet", send: show }),
    found,
  ];
}

async function stored(tenant, community, again) {
  const { secrets } = await call("POST", `${of(tenant, community)}/fetch`, {});
  const all = secrets.map(({ tag, createdBy, createdTs }) => ({ tag, createdBy, createdTs })).sort((a, b) => a.createdTs - b.createdTs);
  const row = ({ tag, createdBy, createdTs }) => [
    h("strong", { class: "wrap" }, tag),
    h("span", { class: "wrap" }, createdBy),
    [age(new Date(createdTs * 1000).toISOString()), h("p", { class: "muted" }, when(createdTs))],
    named(`Delete ${tag}`, button("Delete", "danger small", async () => {
      if (!(await confirmed(`Delete ${tag}?`, "Its value is gone for good; whatever needs it fails from then on.", "Delete", tag))) return;
      await call("DELETE", `${of(tenant, community)}/${encodeURIComponent(tag)}`);
      await again();
      announce(`${tag} is deleted.`);
    })),
  ];
  if (all.length === 0) return [h("p", { class: "muted" }, `There is no secret in ${tenant}/${community}.`)];
  return [
    h("p", {}, h("strong", {}, `${all.length} ${all.length === 1 ? "secret" : "secrets"}`), ` in ${tenant}/${community}, the oldest first.`),
    searched("Search secrets", all, (one) => `${one.tag} ${one.createdBy}`, (shown) => table("Secrets of a community", ["Tag", "Stored by", "Age", "Action"], shown.map(row))),
  ];
}
