// The licences that the caller may see, a page at a time. The API filters nothing, so a filter reads all pages and chooses
// here. Answers hold keySecrets; they are dropped before anything is shown.
import { announce, button, confirmed, h, mark, named, table } from "./dom.js";
import { form } from "./form.js";
import { pager } from "./operator-pager.js";
import { call, current } from "./sign.js";

const SIZE = 25;
/** A filter looks through so many pages at most, and asks for so many of them at once. */
const MOST_PAGES = 200;
const AT_ONCE = 5;
const DAY = 24 * 60 * 60 * 1000;
const LEVELS = ["system", "service", "service_ext", "app_ext", "app", "basic"];
const NOTHING = { tag: "", level: "", state: "", within: "" };

export async function licences(draw, filters = NOTHING, offsets = []) {
  const isFiltered = Object.values(filters).some((value) => value !== "");
  const { shown, total, looked } = isFiltered ? await filtered(filters, offsets.length) : await page(offsets.length);
  const again = () => draw(filters, offsets);
  const hasMore = (offsets.length + 1) * SIZE < total;
  return [
    filter(filters, draw),
    shown.length === 0 ? h("p", { class: "muted" }, "No licence is like that.") : table("Licences", ["Tag", "Level", "State", "Expires", "Action"], shown.map((one) => row(one, again))),
    shown.length > 0 && pager({ offsets, size: SIZE, shown: shown.length, total, next: hasMore && offsets.length + 1 }, (to) => draw(filters, to)),
    looked && h("p", { class: "note warn" }, `Only the oldest ${looked} licences were looked through. The tool finds more: chancery licence list --all.`),
  ];
}

const filter = (filters, draw) => named("Filter: licences", form({
  compact: true,
  fields: [
    { name: "tag", label: "Tag", value: filters.tag, required: false },
    { name: "level", label: "Level", value: filters.level, required: false, options: [["", "any"], ...LEVELS.map((level) => [level, level])] },
    { name: "state", label: "State", value: filters.state, required: false, options: [["", "any"], ["valid", "valid"], ["disabled", "disabled"], ["expired", "expired"]] },
    { name: "within", label: "Expires in", value: filters.within, required: false, options: [["", "any time"], ["7", "7 days"], ["30", "30 days"], ["90", "90 days"]] },
  ],
  submit: "Show",
  kind: "quiet",
  send: (wanted) => draw(wanted),
}));

async function page(index) {
  const { page: { total }, data } = await call("POST", `/licenses/servicekey/fetch?pIndex=${index}&pSize=${SIZE}`, {});
  return { shown: data.map(({ tag, keyId, authLevel, disabled, expiry }) => ({ tag, keyId, authLevel, disabled, expiry })), total };
}

async function filtered(filters, index) {
  const first = await page(0);
  const pages = Math.ceil(first.total / SIZE);
  const all = first.shown;
  for (let at = 1; at < Math.min(pages, MOST_PAGES); at += AT_ONCE) {
    const next = Array.from({ length: Math.min(AT_ONCE, Math.min(pages, MOST_PAGES) - at) }, (_, after) => page(at + after));
    for (const { shown } of await Promise.all(next)) all.push(...shown);
  }
  const found = all.filter((one) => fits(one, filters));
  return { shown: found.slice(index * SIZE, (index + 1) * SIZE), total: found.length, looked: pages > MOST_PAGES && all.length };
}

const state = (one) => (one.disabled ? "disabled" : new Date(one.expiry) < new Date() ? "expired" : "valid");

/** Whether a licence is like what is looked for. What has expired is not about to. */
function fits(one, { tag, level, state: wanted, within }) {
  const left = new Date(one.expiry) - Date.now();
  return one.tag.toLowerCase().includes(tag.toLowerCase())
    && (level === "" || one.authLevel === level)
    && (wanted === "" || state(one) === wanted)
    && (within === "" || (left > 0 && left <= Number(within) * DAY));
}

function row(one, again) {
  const day = h("time", { datetime: one.expiry }, new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(new Date(one.expiry)));
  const kind = { disabled: "bad", expired: "warn", valid: "good" }[state(one)];
  return [h("strong", { class: "wrap" }, one.tag), one.authLevel, mark(kind, state(one)), day, one.tag === current()?.who.tag ? "in use here" : toggle(one, again)];
}

/** Switches a licence off or on. */
function toggle({ tag, keyId, disabled }, again) {
  const text = disabled ? "Enable" : "Disable";
  return named(`${text} ${tag}`, button(text, disabled ? "quiet small" : "danger small", async () => {
    if (!disabled && !(await confirmed(`Disable ${tag}?`, "Whatever signs with it is refused from the next call on, until it is enabled again.", "Disable"))) return;
    await call("PATCH", `/licenses/servicekey?${new URLSearchParams({ keyId })}`, { disabled: !disabled });
    await again();
    announce(`${tag} is ${disabled ? "enabled" : "disabled"}.`);
  }));
}
