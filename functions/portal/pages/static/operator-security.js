// How an attacker could reach an asset, and what playbooks wait for.
import { call } from "./bearer.js";
import { announce, button, h, mark, table, when, words } from "./dom.js";
import { form } from "./form.js";

const PATH = "/security/v1";
const SEVERITIES = { critical: "bad", high: "bad", medium: "warn", low: "" };

export async function attacks() {
  const { assets, total } = await call("GET", `${PATH}/attack-surface/assets?limit=200`);
  if (assets.length === 0) return h("p", { class: "muted" }, "No asset is known. They are recorded with POST /security/v1/attack-surface/assets, and derived from what services record.");
  const names = new Map(assets.map((asset) => [asset.assetId, asset.name]));
  const place = h("div", { class: "stack", "aria-live": "polite" });
  const ask = form({
    fields: [
      { name: "targetAsset", label: "Asset", options: assets.map((asset) => [asset.assetId, `${asset.name} (${asset.type})`]) },
      { name: "includeExternalThreats", label: "Begin at", options: [["", "users"], ["yes", "users and external assets"]], required: false },
    ],
    submit: "Find the ways to it",
    send: async ({ targetAsset, includeExternalThreats }) => {
      const found = await call("POST", `${PATH}/attack-surface/analyze`, { targetAsset, includeExternalThreats: includeExternalThreats === "yes" });
      place.replaceChildren(...drawn(found, names));
    },
  });
  return [total > assets.length && h("p", { class: "muted" }, `The first ${assets.length} of ${total} assets.`), ask, place].filter(Boolean);
}

function drawn({ attackPaths, truncated }, names) {
  if (attackPaths.length === 0) return [h("p", {}, "No way leads to this asset.")];
  const steps = (path) => path.steps.map(({ asset, vulnerability, technique }) =>
    h("li", {}, h("div", { class: "step" }, h("strong", { class: "wrap" }, names.get(asset) ?? asset), h("p", { class: "muted" }, [vulnerability && words(vulnerability), technique].filter(Boolean).join(", ")))));
  const rows = attackPaths.map((path, index) => h("li", { class: "stack tight" },
    h("div", { class: "row" }, mark(SEVERITIES[path.severity] ?? "", path.severity), h("span", { class: "muted" }, `${path.steps.length} steps`)),
    h("ol", { class: "chain", "aria-label": `Way ${index + 1}` }, steps(path)),
    path.mitigations.length > 0 && h("p", {}, "Against it: ", path.mitigations.join(" "))));
  return [h("ol", { class: "stack entries", "aria-label": "Attack paths" }, rows), truncated && h("p", { class: "muted" }, "There are more ways than were looked at.")].filter(Boolean);
}

export async function executions(draw) {
  const { executions: found } = await call("GET", `${PATH}/playbooks/executions?status=pending_approval&limit=50`);
  if (found.length === 0) return h("p", { class: "muted" }, "No playbook waits for an approval.");
  const { playbooks } = await call("GET", `${PATH}/playbooks?limit=200`);
  const names = new Map(playbooks.map((one) => [one.playbookId, one.name]));
  const rows = found.map((one) => {
    const approve = button("Approve", "small", async () => {
      await call("POST", `${PATH}/playbooks/executions/${one.executionId}/approve`);
      announce("The execution is approved.");
      await draw();
    });
    approve.setAttribute("aria-label", `Approve execution ${one.executionId}`);
    return [
      h("strong", { class: "wrap" }, names.get(one.playbookId) ?? one.playbookId),
      one.actions.map((action) => h("span", {}, mark({ success: "good", failed: "bad" }[action.status] ?? "", action.type), " ")),
      h("span", { class: "wrap" }, (one.context.targetResources ?? []).join(", ")),
      when(Date.parse(one.startedAt) / 1000),
      approve,
    ];
  });
  return table("Playbooks that wait", ["Playbook", "Actions", "Targets", "Since", "Decision"], rows);
}
