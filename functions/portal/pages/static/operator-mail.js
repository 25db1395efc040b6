// The outbox of the portal's mails. A mail is read one at a time, which is recorded, since it may hold a link that logs in.
import { button, confirmed, h, mark, named, table, when } from "./dom.js";
import { opened } from "./operator-opened.js";
import { pager } from "./operator-pager.js";
import { call } from "./sign.js";

const SIZE = 25;
const KINDS = {
  "verify-account": "Confirm an address", "reset-password": "Reset a password", "request-access": "Somebody waits for an approval",
  approved: "Account approved",
};

const state = ({ sent_at, failure, attempts }) =>
  sent_at ? mark("good", "sent") : failure ? [mark("bad", "failed"), h("p", { class: "muted wrap" }, `${failure} (${attempts} attempts)`)] : mark("warn", "not sent");

export async function mail(draw, offsets = []) {
  const query = new URLSearchParams({ size: String(SIZE), ...(offsets.length > 0 ? { offset: offsets.at(-1) } : {}) });
  const { data, total, offset } = await call("GET", `/caas/portal/mail?${query}`);
  if (total === 0) return h("p", { class: "muted" }, "No mail was written yet.");
  const place = opened();
  const read = (one) => place.open(async () => {
    if (!(await confirmed("Read this mail?", `It was written to ${one.to}, and may hold a link that is theirs alone. That you read it is recorded.`, "Read"))) return [];
    const { subject, text } = await call("GET", `/caas/portal/mail/${encodeURIComponent(one.id)}`);
    return [h("h4", { tabindex: "-1", class: "wrap" }, subject), h("pre", { class: "wrap" }, text)];
  });
  const rows = data.map((one) => [
    [h("strong", { class: "wrap" }, one.to), h("p", { class: "muted" }, KINDS[one.kind] ?? one.kind)],
    state(one),
    when(one.created_at),
    named(`Read the mail to ${one.to}`, button("Read", "quiet small", () => read(one))),
  ]);
  return [table("Mails", ["Mail", "State", "Written", "Action"], rows), pager({ offsets, size: SIZE, shown: data.length, total, next: offset }, draw), place.element];
}
