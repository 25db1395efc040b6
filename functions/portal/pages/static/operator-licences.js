// The licences that the caller may see, a page at a time.
import { button, h, mark, table } from "./dom.js";
import { call } from "./sign.js";

const SIZE = 25;

export async function licences(draw, index = 0) {
  const { page, data } = await call("POST", `/licenses/servicekey/fetch?pIndex=${index}&pSize=${SIZE}`, {});
  const day = (text) => h("time", { datetime: text }, new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(new Date(text)));
  const state = (one) => (one.disabled ? mark("bad", "disabled") : new Date(one.expiry) < new Date() ? mark("warn", "expired") : mark("good", "valid"));
  const rows = data.map((one) => [h("strong", { class: "wrap" }, one.tag), one.authLevel, state(one), day(one.expiry)]);
  const first = index * SIZE;
  return [
    table("Licences", ["Tag", "Level", "State", "Expires"], rows),
    h("div", { class: "row" },
      h("p", { class: "muted" }, `${data.length === 0 ? 0 : first + 1} to ${first + data.length} of ${page.total}`),
      index > 0 && button("Earlier", "quiet small", () => draw(index - 1)),
      first + data.length < page.total && button("Later", "quiet small", () => draw(index + 1)),
    ),
  ];
}
