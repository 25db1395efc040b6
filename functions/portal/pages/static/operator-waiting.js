// Developers, and applications that use a service: who waits for a decision, who was let in, and who no longer is.
import { announce, button, confirmed, h, mark, named, table, when } from "./dom.js";
import { form } from "./form.js";
import { pager } from "./operator-pager.js";
import { meta } from "./session.js";
import { call } from "./sign.js";

const SIZE = 25;
const [APPROVED, WAITING, DECLINED, REVOKED] = [0, 1, 2, 3];
const STATES = { 0: ["good", "approved"], 1: ["warn", "waiting"], 2: ["bad", "declined"], 3: ["bad", "revoked"] };
const UNVERIFIED = { 5: ["", "address not confirmed"] };

export const developers = (draw, offsets, status) =>
  listed(draw, offsets, status, {
    path: "/caas/portal/developers",
    nobody: "Nobody waits for an approval.",
    title: "Developer",
    states: { ...STATES, ...UNVERIFIED },
    name: (one) => one.email,
    about: (one) => [h("strong", {}, meta(one).full_name ?? one.email), h("p", { class: "muted" }, one.email)],
    revokes: "There is no session from then on. The account can be approved again.",
  });

export const access = (draw, offsets, status) =>
  listed(draw, offsets, status, {
    path: "/caas/portal/application-instances",
    nobody: "No application waits for access.",
    title: "Request",
    states: STATES,
    name: (one) => `${one.application_name} for ${one.service_name}`,
    about: (one) => [h("strong", {}, one.application_name), " for ", h("strong", {}, one.service_name), h("p", { class: "muted" }, one.developer_email)],
    revokes: "The credentials of the application stop working there at once. Access can be approved again.",
    canSuspend: true,
  });

async function listed(draw, offsets = [], status = String(WAITING), kind) {
  const { path, nobody, title, states, name, about, revokes, canSuspend } = kind;
  const query = new URLSearchParams({ size: String(SIZE), ...(status === "" ? {} : { status }), ...(offsets.length > 0 ? { offset: offsets.at(-1) } : {}) });
  const { data, total, offset } = await call("GET", `${path}?${query}`);
  const act = (one, text, kind, change, done) => named(`${text} ${name(one)}`, button(text, kind, async () => {
    if (change.status === REVOKED && !(await confirmed(`Revoke ${name(one)}?`, revokes, "Revoke"))) return;
    await call("PATCH", `${path}/${encodeURIComponent(one.id)}`, change);
    // The last one of a page is no longer on it.
    await draw(data.length === 1 ? offsets.slice(0, -1) : offsets, status);
    announce(`${name(one)} is ${done}.`);
  }));
  const actions = (one) => [
    one.status !== APPROVED && act(one, "Approve", "small", { status: APPROVED }, "approved"),
    one.status === WAITING && act(one, "Decline", "danger small", { status: DECLINED }, "declined"),
    canSuspend && one.status === APPROVED && (one.suspended
      ? act(one, "Resume", "quiet small", { suspended: false }, "no longer suspended")
      : act(one, "Suspend", "quiet small", { suspended: true }, "suspended")),
    one.status === APPROVED && act(one, "Revoke", "danger small", { status: REVOKED }, "revoked"),
  ];
  const row = (one) => [
    h("div", { class: "wrap" }, about(one)),
    one.suspended ? mark("warn", "suspended") : mark(...(states[one.status] ?? ["", "unknown"])),
    when(one.created_at),
    one.status in STATES ? h("div", { class: "row" }, actions(one)) : "–",
  ];
  const filter = form({
    compact: true,
    fields: [{ name: "status", label: "State", value: status, required: false, options: [...Object.entries(states).map(([value, [, text]]) => [value, text]), ["", "any"]] }],
    submit: "Show",
    kind: "quiet",
    send: ({ status: wanted }) => draw([], wanted),
  });
  return [
    named(`Filter: ${title}`, filter),
    data.length === 0
      ? h("p", { class: "muted" }, status === String(WAITING) ? nobody : "There is none.")
      : [table(`${title}, by state`, [title, "State", "Since", "Action"], data.map(row)), pager({ offsets, size: SIZE, shown: data.length, total, next: offset }, (to) => draw(to, status))],
  ].flat();
}
