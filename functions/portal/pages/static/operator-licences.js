// The licences that the caller may see, a page at a time.
import { button, h, mark } from "./dom.js";
import { call } from "./sign.js";

const SIZE = 25;

export async function licences(draw, index = 0) {
  const { page, data } = await call("POST", `/licenses/servicekey/fetch?pIndex=${index}&pSize=${SIZE}`, {});
  const day = (text) => h("time", { datetime: text }, new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(new Date(text)));
  const state = (one) => (one.disabled ? mark("bad", "disabled") : new Date(one.expiry) < new Date() ? mark("warn", "expired") : mark("good", "valid"));
  const rows = data.map((one) => h("tr", {}, h("td", { class: "wrap" }, h("strong", {}, one.tag)), h("td", {}, one.authLevel), h("td", {}, state(one)), h("td", {}, day(one.expiry))));
  const first = index * SIZE;
  return [
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Licences" },
      h("table", {}, h("thead", {}, h("tr", {}, ["Tag", "Level", "State", "Expires"].map((title) => h("th", { scope: "col" }, title)))), h("tbody", {}, rows))),
    h("div", { class: "row" },
      h("p", { class: "muted" }, `${data.length === 0 ? 0 : first + 1} to ${first + data.length} of ${page.total}`),
      index > 0 && button("Earlier", "quiet small", () => draw(index - 1)),
      first + data.length < page.total && button("Later", "quiet small", () => draw(index + 1)),
    ),
  ];
}
