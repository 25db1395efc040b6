// A project of the Config API, seen with one of its tokens: groups, their items, the values that an item had, and what
// differs between two of them. Values of secret items are masked by the API.
import { answered, ApiError, json, request } from "./api.js";
import { lines } from "./diff.js";
import { announce, button, confirmed, h, mark, named, note, table, when } from "./dom.js";
import { form } from "./form.js";
import { held } from "./held.js";
import { searched } from "./list.js";
import { opened } from "./operator-opened.js";

const PATH = "/api/client/v1/config";
/** So many versions are shown: the newest. */
const VERSIONS = 100;

const token = held();
const moment = (text) => when(Date.parse(text) / 1000);

async function call(method, path, body) {
  const used = token.use();
  if (used === null) throw new ApiError(401, { message: "Please give the token again." });
  const { headers, ...init } = request(method, body);
  return json(await (await answered(PATH + path, { ...init, headers: { ...headers, authorization: `Bearer ${used}` } })).text());
}

export async function project(draw) {
  if (token.value === null) return ask(draw);
  const out = button("Forget the token", "quiet small", async () => {
    token.forget();
    announce("The token is forgotten.");
    await draw();
  });
  const { groups } = await call("GET", "/groups");
  const place = opened();
  const row = (one) => [
    [h("strong", { class: "wrap" }, one.name), h("p", { class: "muted wrap" }, one.key)],
    h("span", { class: "wrap" }, one.description ?? "–"),
    moment(one.updatedAt),
    named(`Items of ${one.key}`, button("Items", "quiet small", () => place.open(() => items(one)))),
  ];
  return [
    h("div", { class: "row apart" }, h("p", {}, h("strong", {}, `${groups.length} ${groups.length === 1 ? "group" : "groups"}`)), out),
    groups.length === 0
      ? h("p", { class: "muted" }, "There is no group yet. ", h("code", {}, "chancery config-api group create"), " makes one.")
      : searched("Search groups", groups, (one) => `${one.key} ${one.name} ${one.description ?? ""}`, (shown) => table("Groups", ["Group", "Description", "Changed", "Action"], shown.map(row))),
    place.element,
  ];
}

const ask = (draw) => [
  h("p", { class: "muted" }, "With a token of the Config API you see the groups and items of its project, the values that an item had, and what differs between them. The token is kept in this page only; reloading the page, or a quarter of an hour without a request, forgets it."),
  form({
    fields: [{ name: "token", label: "Token", type: "password", hint: [h("code", {}, "chancery token create"), " makes one."] }],
    submit: "Look into the project",
    send: async ({ token: given }) => {
      token.keep(given.trim());
      try {
        await call("GET", "/groups");
      } catch (error) {
        token.forget();
        if (error.status === 401) error.message = "This token is not known, has expired or was revoked.";
        throw error;
      }
      await draw();
    },
  }),
];

async function items({ key }) {
  const { group } = await call("GET", `/groups/${encodeURIComponent(key)}`);
  const place = opened();
  const show = (item) => place.open(() => versions(item, () => show(item)));
  const row = (item) => [
    h("strong", { class: "wrap" }, item.key),
    [h("code", { class: "wrap" }, brief(item.value)), item.isSecret && [" ", mark("", "secret")]],
    item.valueType,
    [String(item.version), h("p", { class: "muted" }, moment(item.updatedAt))],
    named(`Versions of ${item.key}`, button("Versions", "quiet small", () => show(item.key))),
  ];
  return [
    h("h3", { tabindex: "-1", class: "wrap" }, `Items of ${group.key}`),
    group.items.length === 0
      ? h("p", { class: "muted" }, "The group has no item.")
      : searched("Search items", group.items, (item) => `${item.key} ${item.name}`, (shown) => table(`Items of ${group.key}`, ["Item", "Value", "Type", "Version", "Action"], shown.map(row))),
    place.element,
  ];
}

const BRIEF = 80;
const brief = (value) => (value.length > BRIEF ? `${value.slice(0, BRIEF)}…` : value);

async function versions(key, again) {
  const path = `/items/${encodeURIComponent(key)}`;
  const [{ item }, { versions: found }] = await Promise.all([call("GET", path), call("GET", `${path}/versions?limit=${VERSIONS}`)]);
  const restore = (version) => named(`Restore version ${version}`, button("Restore", "quiet small", async () => {
    if (!(await confirmed(`Restore version ${version}?`, "Its value becomes a new version, which is in force from then on.", "Restore"))) return;
    const { item: now } = await call("POST", `${path}/versions/${version}/restore`);
    await again();
    announce(`Version ${now.version} has the value of version ${version}.`);
  }));
  const rows = found.map((one) => [
    [h("strong", {}, String(one.version)), one.version === item.version && [" ", mark("good", "in force")]],
    h("code", { class: "wrap" }, brief(one.value)),
    h("span", { class: "wrap" }, one.createdBy),
    moment(one.createdAt),
    one.version === item.version ? "–" : restore(one.version),
  ]);
  return [
    h("h4", { tabindex: "-1", class: "wrap" }, `Versions of ${key}`),
    table(`Versions of ${key}`, ["Version", "Value", "By", "Since", "Action"], rows),
    found.length === VERSIONS ? h("p", { class: "muted" }, `The newest ${VERSIONS}.`) : null,
    item.isSecret
      ? h("p", { class: "muted" }, "The values of a secret item are masked, so they cannot be compared.")
      : found.length > 1 ? comparison(found) : h("p", { class: "muted" }, "There is no other version to compare it with."),
  ];
}

/** Chooses two versions, and shows what differs between them. */
function comparison(found) {
  const choices = found.map(({ version }) => [String(version), `Version ${version}`]);
  const difference = h("div", { "aria-live": "polite" });
  const compare = form({
    compact: true,
    fields: [{ name: "from", label: "From", options: choices, value: choices[1][0] }, { name: "to", label: "To", options: choices, value: choices[0][0] }],
    submit: "Compare",
    kind: "quiet",
    send: ({ from, to }) => {
      const of = (version) => found.find((one) => String(one.version) === version);
      difference.replaceChildren(...drawn(of(from), of(to)));
    },
  });
  return h("div", { class: "stack" }, named("Compare versions", compare), difference);
}

function drawn(from, to) {
  const found = lines(laidOut(from), laidOut(to));
  const types = from.valueType !== to.valueType && h("p", {}, `The type was ${from.valueType}, and is ${to.valueType}.`);
  const isSame = found.every(({ kind }) => kind === "same");
  if (isSame) return [types || note("", "The values are the same.")];
  const tag = { removed: "del", added: "ins", same: "span" };
  const sign = { removed: "−", added: "+", same: " " };
  return [
    types || "",
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Version ${from.version} against version ${to.version}` },
      h("pre", { class: "diff" }, found.map(({ kind, text }) => h(tag[kind], {}, `${sign[kind]} ${text}\n`)))),
  ];
}

/** JSON is compared member by member, each on a line. */
function laidOut({ value, valueType }) {
  if (valueType !== "json") return value;
  try {
    return JSON.stringify(JSON.parse(value), null, 2);
  } catch {
    return value;
  }
}
