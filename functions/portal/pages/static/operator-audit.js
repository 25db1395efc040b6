// The audit log: searching it, and proving an entry. A proof is checked here, in the browser, against a signed checkpoint.
import { ApiError } from "./api.js";
import { button, h, mark, note, when } from "./dom.js";
import { form } from "./form.js";
import { fromBase64, fromHex, isSigned, leafHash, rootOf, toHex } from "./merkle.js";
import { call, text } from "./sign.js";

const LIMIT = 50;

export async function audit() {
  const found = h("div", { class: "stack", "aria-live": "polite" });
  const search = form({
    compact: true,
    fields: [
      { name: "tenant", label: "Tenant", value: "licensing" },
      { name: "actor", label: "Actor", required: false },
      { name: "action", label: "Action", required: false },
      { name: "subject", label: "Subject", required: false },
      { name: "outcome", label: "Outcome", required: false, options: [["", "any"], ["done", "done"], ["refused", "refused"]] },
    ],
    submit: "Search",
    send: async ({ tenant, ...filters }) => {
      const query = new URLSearchParams(Object.entries(filters).filter(([, value]) => value !== ""));
      query.set("limit", String(LIMIT));
      found.replaceChildren(...(await page(tenant, query, found)));
    },
  });
  return [h("p", { class: "muted" }, "The tenant is the name of one, or licensing, or platform; an action is such as secret.put."), search, found];
}

const base = (tenant) => `/caas/audit/${encodeURIComponent(tenant)}`;

async function page(tenant, query, found) {
  const { entries, next } = await call("GET", `${base(tenant)}/entries?${query}`);
  if (entries.length === 0 && next === undefined) return [h("p", { class: "muted" }, "No entry is like that.")];
  const rows = h("ol", { class: "stack entries" }, entries.map((entry) => row(tenant, entry)));
  const more = next !== undefined && button("Earlier entries", "quiet small", async () => {
    query.set("before", String(next));
    const older = await page(tenant, query, found);
    more.remove();
    found.append(...older);
  });
  return [rows, more].filter(Boolean);
}

function row(tenant, entry) {
  const place = h("div", { role: "status" });
  const show = button("Prove", "quiet small", async () => place.replaceChildren(await proof(tenant, entry)));
  show.setAttribute("aria-label", `Prove entry ${entry.index}`);
  return h("li", { class: "stack tight" },
    h("div", { class: "row apart" },
      h("div", { class: "row" }, h("strong", {}, entry.action), entry.outcome === "refused" ? mark("warn", "refused") : mark("good", entry.outcome), h("span", { class: "muted" }, "No. ", String(entry.index))),
      show),
    h("p", { class: "wrap" }, entry.actor, " · ", entry.subject, " · ", when(entry.at / 1000)),
    place,
  );
}

async function proof(tenant, entry) {
  try {
    return shown(await checked(tenant, entry));
  } catch (error) {
    if (error instanceof ApiError) return note("warn", error.message);
    return note("bad", h("strong", {}, "This entry could not be proved: "), error.message);
  }
}

/** Everything that has to be true of an entry; what is not is thrown. */
async function checked(tenant, entry) {
  const { checkpoint } = await call("POST", `${base(tenant)}/checkpoint`);
  const size = checkpoint.treeSize;
  if (entry.index >= size) throw new ApiError(409, { message: "The log is still being integrated. Please try again in a moment." });
  const [{ publicKey }, given, lines] = await Promise.all([
    call("GET", "/caas/audit/key"),
    call("GET", `${base(tenant)}/proof/inclusion?index=${entry.index}&size=${size}`),
    text("GET", `${base(tenant)}/export?from=${entry.index}&limit=1`),
  ]);
  // The text that was written down: a leaf is the hash of exactly this.
  const written = lines.split("\n").filter(Boolean).map((line) => JSON.parse(line)).find((line) => line.index === entry.index)?.entry;
  if (written === undefined || JSON.stringify(JSON.parse(written)) !== JSON.stringify(entry)) throw new Error("what was written down is not what the list shows.");
  const leaf = await leafHash(written);
  const root = await rootOf(entry.index, size, leaf, given.proof.map(fromHex));
  if (root === null || toHex(root) !== checkpoint.rootHash) throw new Error("its proof does not lead to the root of the tree.");
  const signed = `chancery-audit-checkpoint\n${checkpoint.tenant}\n${size}\n${checkpoint.rootHash}\n${checkpoint.time}\n`;
  if (checkpoint.tenant !== tenant || !(await isSigned(signed, fromBase64(checkpoint.signature), fromBase64(publicKey)))) throw new Error("the signature of the checkpoint is not right.");
  return { checkpoint, leaf: toHex(leaf), steps: given.proof };
}

function shown({ checkpoint, leaf, steps }) {
  return note("good",
    h("strong", {}, "Verified in this browser"),
    h("p", {}, `This entry stands in the signed tree of ${checkpoint.treeSize} entries, as it was on `, when(checkpoint.time / 1000), "."),
    h("details", {}, h("summary", {}, "The proof"),
      h("dl", {}, h("dt", {}, "Leaf"), h("dd", { class: "wrap" }, h("code", {}, leaf)),
        steps.flatMap((step, at) => [h("dt", {}, `Step ${at + 1}`), h("dd", { class: "wrap" }, h("code", {}, step))]),
        h("dt", {}, "Root"), h("dd", { class: "wrap" }, h("code", {}, checkpoint.rootHash)))),
  );
}
