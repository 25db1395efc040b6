// Documents of the storage service: how they are classified, by which policies, and what keeps them.
import { call } from "./bearer.js";
import { announce, button, h, mark, named, table, when } from "./dom.js";
import { form } from "./form.js";
import { opened } from "./operator-opened.js";
import { columns } from "./plot.js";

const PATH = "/storage/v1";
const PAGE = 50;
/** How long a scan is waited for between two looks, and for how many looks. */
const PAUSE = 500;
const LOOKS = 600;
const LEVELS = { public: "", internal: "", confidential: "warn", restricted: "bad" };

const number = (value) => new Intl.NumberFormat().format(value);
const moment = (text) => when(Date.parse(text) / 1000);
const level = (name) => (name ? mark(LEVELS[name] ?? "", name) : h("span", { class: "muted" }, "not classified"));
const plotted = (label, counts) => columns(label, Object.entries(counts).map(([name, value]) => ({ name, value, text: number(value) })));

/** What a scan may have changed, and how it is drawn again. */
const stale = new Map();

export async function totals(draw) {
  stale.set("totals", draw);
  const { totalObjects, classifiedObjects, byClassification, byDataType } = await call("GET", `${PATH}/classification/stats`);
  return [
    h("p", {}, h("strong", {}, `${number(classifiedObjects)} of ${number(totalObjects)}`), ` ${totalObjects === 1 ? "document is" : "documents are"} classified.`),
    h("h4", {}, "By classification"),
    plotted("Documents by classification", byClassification),
    h("h4", {}, "By data type"),
    plotted("Documents by data type", byDataType),
  ];
}

export async function policies() {
  const { policies: found } = await call("GET", `${PATH}/classification/policies`);
  if (found.length === 0) return h("p", { class: "muted" }, "There is no policy yet. They are made with POST /storage/v1/classification/policies.");
  return [
    table("Policies", ["Policy", "Rules", "Applied"], found.map((one) => [h("strong", { class: "wrap" }, one.name), number(one.ruleCount), one.autoApply ? mark("good", "to each new version") : "by scans"])),
    scans(found),
  ];
}

/** Starting a scan, and how far it is. */
function scans(policies) {
  const place = h("div", { role: "status", class: "stack tight" });
  const start = form({
    compact: true,
    fields: [
      { name: "policy", label: "Policy", required: false, options: [["", "all"], ...policies.map((one) => [one.policyId, one.name])] },
      { name: "bucket", label: "Bucket", required: false },
      { name: "prefix", label: "Name prefix", required: false },
    ],
    submit: "Start a scan",
    send: async ({ policy, bucket, prefix }) => {
      const scope = { ...(bucket === "" ? {} : { buckets: [bucket] }), ...(prefix === "" ? {} : { prefixes: [prefix] }) };
      const { scanId } = await call("POST", `${PATH}/classification/scans`, { scope, ...(policy === "" ? {} : { policyIds: [policy] }) });
      await follow(scanId, place);
    },
  });
  return h("div", { class: "stack" }, start, place);
}

async function follow(scanId, place) {
  for (let look = 0; look < LOOKS && place.isConnected; look += 1) {
    const { status, objectsScanned, objectsClassified } = await call("GET", `${PATH}/classification/scans/${scanId}`);
    place.replaceChildren(h("p", {}, mark({ completed: "good", failed: "bad" }[status] ?? "", status), ` ${number(objectsScanned)} documents are scanned, ${number(objectsClassified)} of them classified.`));
    if (["completed", "failed"].includes(status)) {
      for (const draw of stale.values()) await draw();
      announce(status === "completed" ? "The scan is completed." : "The scan failed.");
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

export async function documents(draw, filter = {}, offset = 0) {
  stale.set("documents", () => draw(filter, offset));
  const query = new URLSearchParams({ ...filter, limit: String(PAGE), offset: String(offset) });
  const { documents: found, total } = await call("GET", `${PATH}/documents?${query}`);
  const place = opened();
  const rows = found.map((one) => [
    [h("strong", { class: "wrap" }, one.name), h("p", { class: "muted wrap" }, one.bucket)],
    [level(one.classification), one.dataTypes.length > 0 && h("p", { class: "muted" }, one.dataTypes.join(", "))],
    [`Version ${one.version}`, h("p", { class: "muted" }, `${number(one.sizeBytes)} bytes`)],
    moment(one.createdAt),
    named(`What keeps it: ${one.name}`, button("What keeps it", "quiet small", () => place.open(() => kept(one.documentId)))),
  ]);
  return [
    form({
      compact: true,
      fields: [
        { name: "bucket", label: "Bucket", value: filter.bucket ?? "", required: false },
        { name: "prefix", label: "Name prefix", value: filter.prefix ?? "", required: false },
      ],
      submit: "Show",
      kind: "quiet",
      send: (values) => draw(Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""))),
    }),
    found.length === 0 ? h("p", { class: "muted" }, "There is no such document.") : table("Documents", ["Document", "Classification", "Content", "Since", "Action"], rows),
    h("p", { class: "muted" }, `${found.length === 0 ? 0 : offset + 1} to ${offset + found.length} of ${number(total)}`),
    h("div", { class: "row" }, ...[
      offset > 0 && button("Earlier documents", "quiet small", () => draw(filter, Math.max(0, offset - PAGE))),
      offset + found.length < total && button("Further documents", "quiet small", () => draw(filter, offset + PAGE)),
    ].filter(Boolean)),
    place.element,
  ];
}

/** The retention and the holds of a document. */
async function kept(id) {
  const { name, bucket, region, status, retainUntil, holds } = await call("GET", `${PATH}/documents/${id}`);
  const entry = (title, value) => [h("dt", {}, title), h("dd", { class: "wrap" }, value)];
  return h("section", { class: "stack", "aria-label": "What keeps the document" },
    h("h4", { tabindex: "-1", class: "wrap" }, `What keeps ${name}`),
    h("dl", {},
      entry("Bucket", bucket), entry("Region", region), entry("State", mark(status === "active" ? "good" : "", status)),
      entry("Retained until", retainUntil ? moment(retainUntil) : "No policy retains it."),
      entry("Legal holds", holds.length === 0 ? "No hold is on it." : holds.map((hold) => h("p", {}, h("code", {}, hold))))));
}
