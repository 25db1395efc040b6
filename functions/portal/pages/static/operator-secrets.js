// Secrets in versions. A value is shown when it is asked for and confirmed, and leaves the page again by itself.
import { call } from "./bearer.js";
import { announce, asked, button, confirmed, copyable, h, mark, named, note, table, when } from "./dom.js";
import { form } from "./form.js";
import { age } from "./operator-keys.js";
import { opened } from "./operator-opened.js";

const PATH = "/vault/v1/versioned-secrets";
/** The names of secrets are known from so many of the newest events about them. */
const EVENTS = 200;
const VERSIONS = 50;
/** For how long a value is shown. */
const SHOWN = 30 * 1000;
const STATES = { active: "good", deprecated: "warn", destroyed: "" };

const moment = (text) => when(Date.parse(text) / 1000);
const at = (secret) => `${PATH}/${encodeURIComponent(secret)}`;

export async function secrets() {
  const counts = await call("GET", `${PATH}/stats`);
  const place = opened();
  const show = (secret) => place.open(() => versions(secret));
  const names = await known();
  const rows = [...names].map(([secret, last]) => [
    h("strong", { class: "wrap" }, secret),
    [age(last), h("p", { class: "muted" }, moment(last))],
    named(`Versions of ${secret}`, button("Versions", "quiet small", () => show(secret))),
  ]);
  const { active, deprecated, destroyed } = counts.byState;
  return [
    h("p", {}, h("strong", {}, `${counts.totalSecrets} ${counts.totalSecrets === 1 ? "secret" : "secrets"}`), `, ${counts.totalVersions} versions: ${active} active, ${deprecated} deprecated, ${destroyed} destroyed.`),
    rows.length > 0 && table("Secrets", ["Secret", "Last version", "Action"], rows),
    counts.totalSecrets > rows.length && h("p", { class: "muted" }, `${rows.length === 0 ? "No secret" : "Of the secrets, those"} with a recent version ${rows.length === 0 ? "can be listed for you" : "are listed"}. Others are found by their names.`),
    form({ compact: true, fields: [{ name: "secret", label: "Name of a secret" }], submit: "Show its versions", kind: "quiet", send: ({ secret }) => show(secret) }),
    place.element,
  ];
}

/** Names with the time of their last version, the newest first, as far as the caller may read events. */
async function known() {
  const names = new Map();
  const { items } = await call("GET", `/audit/v1/events?eventType=vault.secret_version.create&result=success&limit=${EVENTS}`).catch((error) => {
    if (error.status === 403) return { items: [] };
    throw error;
  });
  for (const { resource, timestamp } of items) if (resource.id && !names.has(resource.id)) names.set(resource.id, timestamp);
  return names;
}

async function versions(secret, offset = 0) {
  const { versions: found, pagination } = await call("GET", `${at(secret)}/history?limit=${VERSIONS}&offset=${offset}`);
  const place = h("section", { class: "stack", "aria-label": "Versions" });
  const again = async (to = offset) => place.replaceWith(...(await versions(secret, to)));
  const value = h("div", { class: "stack" });
  place.append(
    h("h4", { tabindex: "-1", class: "wrap" }, `Versions of ${secret}`),
    table(`Versions of ${secret}`, ["Version", "State", "Age", "By", "Action"], found.map((one) => row(secret, one, again, value))),
    h("p", { class: "muted" }, `${offset + 1} to ${offset + found.length} of ${pagination.total}`),
    h("div", { class: "row" }, ...[
      offset > 0 && button("Newer versions", "quiet small", () => again(offset - VERSIONS)),
      pagination.hasMore && button("Older versions", "quiet small", () => again(offset + VERSIONS)),
    ].filter(Boolean)),
    value,
  );
  return [place];
}

function row(secret, one, again, place) {
  const path = `${at(secret)}/versions/${one.version}`;
  const act = (text, kind, work, said = text) => named(`${said} version ${one.version}`, button(text, kind, work));
  const reveal = async () => {
    if (!(await confirmed("Reveal this value?", `Everybody who sees this screen sees it. That you read version ${one.version} is recorded.`, "Reveal"))) return;
    const { value } = await call("GET", path);
    reveals(place, one.version, value);
  };
  const rollBack = async () => {
    if (!(await confirmed(`Go back to version ${one.version}?`, "Its value becomes a new version, which is the active one from then on.", "Roll back"))) return;
    const { newVersion } = await call("POST", `${at(secret)}/rollback`, { targetVersion: one.version });
    await again(0);
    announce(`Version ${newVersion} has the value of version ${one.version}.`);
  };
  const destroy = async () => {
    const reason = await asked(`Destroy version ${one.version}?`, "Its value is erased for good.", "Destroy", { label: "Reason", wrong: (text) => text === "" && "Please give a reason." });
    if (reason === null) return;
    await call("PATCH", `${path}/state`, { state: "destroyed", reason });
    await again();
    announce(`Version ${one.version} is destroyed.`);
  };
  return [
    h("strong", {}, String(one.version)),
    mark(STATES[one.state] ?? "", one.state),
    [age(one.createdAt), h("p", { class: "muted" }, moment(one.createdAt))],
    [h("span", { class: "wrap" }, one.createdBy), one.metadata.reason && h("p", { class: "muted wrap" }, one.metadata.reason)],
    one.state === "destroyed" ? "–" : h("div", { class: "row" },
      act("Reveal", "quiet small", reveal),
      one.state === "deprecated" && act("Roll back", "quiet small", rollBack, "Roll back to"),
      act("Destroy", "danger small", destroy)),
  ];
}

/** Shows a value for a while, and only one at a time. */
function reveals(place, version, value) {
  const hide = () => panel.remove();
  const panel = h("div", { class: "card secret", role: "group", "aria-label": "Value" },
    copyable(`value of version ${version}`, value),
    note("warn", "It is hidden again after half a minute."),
    h("div", {}, button("Hide", "quiet small", async () => hide())));
  place.replaceChildren(panel);
  panel.scrollIntoView({ block: "nearest" });
  setTimeout(hide, SHOWN);
}
