// A configuration and its history. The history tells who changed what and when, and never a value: what was replaced is
// known by its hash.
import { button, h, mark, when } from "./dom.js";
import { form } from "./form.js";
import { call } from "./sign.js";

const LIMIT = 20;
const WHOLE = "data";
const OWNERS = {
  community: ["tenantId", "communityId"],
  person: ["personId", "mobile_app_id"],
  app: ["appId"],
};

export async function configuration() {
  const found = h("div", { class: "stack", "aria-live": "polite" });
  const ask = form({
    compact: true,
    fields: [
      { name: "owner", label: "Whose", options: [["community", "a community's"], ["person", "a person's"], ["app", "an app's"]] },
      { name: "tenantId", label: "Tenant", required: false }, { name: "communityId", label: "Community", required: false },
      { name: "personId", label: "Person", required: false }, { name: "mobile_app_id", label: "Mobile app", required: false },
      { name: "appId", label: "App", required: false },
    ],
    submit: "Look",
    send: async (values) => {
      const context = Object.fromEntries(OWNERS[values.owner].map((name) => [name, values[name]]));
      found.replaceChildren(...(await look(context)));
    },
  });
  const adapt = () => {
    const asked = OWNERS[ask.input("owner").value];
    for (const name of Object.values(OWNERS).flat()) ask.input(name).closest(".field").hidden = !asked.includes(name);
  };
  ask.input("owner").addEventListener("change", adapt);
  adapt();
  return [ask, found];
}

async function look(context) {
  const [values, { history, next }] = await Promise.all([call("POST", "/caas/config/fetch?read_fresh=true", { context }), changes(context)]);
  const isEmpty = Object.keys(values ?? {}).length === 0;
  const rows = h("ol", { class: "stack entries", "aria-label": "History" }, history.map(change));
  return [
    h("h4", {}, "Values"),
    isEmpty ? h("p", { class: "muted" }, "Nothing is set.") : h("div", { class: "tree" }, tree(values)),
    h("h4", {}, "History"),
    history.length === 0 ? h("p", { class: "muted" }, "It was never changed.") : rows,
    older(context, rows, next),
  ].filter(Boolean);
}

const changes = (context, before) =>
  call("GET", `/caas/config/history?${new URLSearchParams({ context: JSON.stringify(context), limit: String(LIMIT), ...(before ? { before: String(before) } : {}) })}`);

function older(context, rows, next) {
  if (!next) return null;
  const more = button("Older changes", "quiet small", async () => {
    const page = await changes(context, next);
    rows.append(...page.history.map(change));
    more.replaceWith(older(context, rows, page.next) ?? "");
  });
  return more;
}

/** Objects open and close; everything else is JSON. */
function tree(value) {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return h("code", { class: "wrap" }, JSON.stringify(value));
  return h("ul", {}, Object.entries(value).map(([name, below]) =>
    below !== null && typeof below === "object" && !Array.isArray(below)
      ? h("li", {}, h("details", { open: true }, h("summary", {}, h("strong", { class: "wrap" }, name)), tree(below)))
      : h("li", { class: "wrap" }, h("strong", {}, name), ": ", tree(below))));
}

/** What a change did: as much of a difference as is kept. */
function change({ revision, keyPath, action, updatedBy, updatedAt, previousHash }) {
  const kind = action === "remove" ? mark("bad", "removed") : previousHash ? mark("warn", "changed") : mark("good", "added");
  return h("li", { class: "stack tight" },
    h("div", { class: "row" }, kind, h("code", { class: "wrap" }, keyPath === WHOLE ? "everything" : keyPath), h("span", { class: "muted" }, `Revision ${revision}`)),
    h("p", { class: "muted wrap" }, when(updatedAt), " · ", updatedBy),
    previousHash && h("details", {}, h("summary", {}, "What was there before"), h("p", { class: "wrap" }, "SHA-256 ", h("code", {}, previousHash))));
}
