// Where one is in a list whose pages are known by the offsets that the API gives: `offsets` lead to the page that is shown.
import { button, h } from "./dom.js";

export function pager({ offsets, size, shown, total, next }, draw) {
  const first = offsets.length * size;
  const number = (value) => new Intl.NumberFormat().format(value);
  return h("div", { class: "row" },
    h("p", { class: "muted" }, shown === 0 ? "None." : `${number(first + 1)} to ${number(first + shown)} of ${number(total)}`),
    offsets.length > 0 && button("Back", "quiet small", () => draw(offsets.slice(0, -1))),
    next && button("Further", "quiet small", () => draw([...offsets, next])));
}
