// Keys in security modules: what they are, how old, how much used, and their public parts; and how far the tenant is on the
// way to algorithms that withstand quantum computers.
import { call } from "./bearer.js";
import { copyable, h, mark, table, when, words } from "./dom.js";
import { bar, line } from "./plot.js";

const PATH = "/kms/v1";
const DAY = 24 * 60 * 60 * 1000;
/** Uses of so many days are shown. */
const DAYS = 30;
const LINE = 64;
const STATES = { ready: "good", partial: "warn", not_ready: "bad" };
const number = (value) => new Intl.NumberFormat().format(value);

const pem = (der) => ["-----BEGIN PUBLIC KEY-----", ...der.match(new RegExp(`.{1,${LINE}}`, "g")), "-----END PUBLIC KEY-----", ""].join("\n");

/** In days. */
export function age(created) {
  const days = Math.floor((Date.now() - Date.parse(created)) / DAY);
  return days === 0 ? "today" : `${number(days)} ${days === 1 ? "day" : "days"}`;
}

export async function keys() {
  const { keys: found } = await call("GET", `${PATH}/byohsm/keys`);
  if (found.length === 0) return h("p", { class: "muted" }, "There is no key yet. Keys are made with POST /kms/v1/byohsm/keys, on a connection that was validated.");
  const since = new Date(Date.now() - DAYS * DAY).toISOString();
  const { usage } = await call("GET", `${PATH}/analytics/usage?granularity=day&startTime=${since}`);
  const uses = new Map();
  for (const { keyId, count } of usage) uses.set(keyId, (uses.get(keyId) ?? 0) + count);
  const greatest = Math.max(...uses.values(), 1);
  const rows = found.map((key) => {
    const used = uses.get(key.keyId) ?? 0;
    return [
      [h("strong", { class: "wrap" }, key.metadata?.name ?? key.keyId), h("p", { class: "muted" }, key.purpose.join(", "))],
      [h("code", {}, key.algorithm), key.status === "retired" && [" ", mark("warn", "retired")], key.keySize && h("p", { class: "muted" }, `${key.keySize} bits`)],
      [age(key.createdAt), h("p", { class: "muted" }, when(Date.parse(key.createdAt) / 1000))],
      [bar(used / greatest), number(used)],
      key.publicKey ? h("details", {}, h("summary", {}, "Show"), copyable("public key", pem(key.publicKey))) : "None: it is symmetric",
    ];
  });
  return table("Keys", ["Key", "Algorithm", "Age", `Uses in ${DAYS} days`, "Public key"], rows);
}

export async function readiness() {
  const { overallScore, categories, keyMigrationStatus } = await call("GET", `${PATH}/crypto-agility/migration-readiness`);
  const { migrated, pendingMigration, blocked } = keyMigrationStatus;
  const todo = (one) => one.blockers.map((text, index) => h("p", {}, text, one.recommendations[index] && h("span", { class: "muted" }, ` ${one.recommendations[index]}`)));
  return [
    h("p", {}, "Score ", h("strong", {}, number(overallScore)), ` of 100. Keys: ${number(migrated)} migrated, ${number(pendingMigration)} to migrate, ${number(blocked)} on modules that cannot.`),
    table("Readiness", ["Category", "Score", "State", "What is in the way"],
      categories.map((one) => [h("strong", {}, words(one.category)), [bar(one.score / 100), number(one.score)], mark(STATES[one.status] ?? "", words(one.status)), todo(one)])),
  ];
}

export async function adoption() {
  const { currentAdoption, trends, byAlgorithm } = await call("GET", `${PATH}/crypto-agility/pqc-adoption`);
  const { pqcKeys, totalKeys } = currentAdoption;
  const points = (member) => trends.map((day) => ({ at: Date.parse(day.date), value: day[member] }));
  return [
    h("p", {}, h("strong", {}, `${number(pqcKeys)} of ${number(totalKeys)}`), " keys are of a post-quantum algorithm."),
    h("h4", {}, "Post-quantum operations by day"),
    line("Post-quantum operations by day", points("pqcOperations")),
    h("h4", {}, "Classical operations by day"),
    line("Classical operations by day", points("classicalOperations")),
    table("Keys by algorithm", ["Algorithm", "Keys"], Object.entries(byAlgorithm).map(([name, count]) => [h("code", {}, name), number(count)])),
  ];
}
