// A list that may be long: what is looked for is typed, and the rest comes in pages. Nothing is asked of the API for it.
import { button, h } from "./dom.js";

const SIZE = 12;

/** `draw` makes an element of items; `text` says what an item is found by. */
export function searched(label, items, text, draw) {
  if (items.length <= SIZE) return draw(items);
  const place = h("div");
  const foot = h("div", { class: "row" });
  const input = h("input", { type: "search", autocomplete: "off", spellcheck: "false" });
  const show = (page = 0) => {
    const wanted = input.value.trim().toLowerCase();
    const found = items.filter((item) => text(item).toLowerCase().includes(wanted));
    const shown = found.slice(page * SIZE, (page + 1) * SIZE);
    place.replaceChildren(shown.length === 0 ? h("p", { class: "muted" }, "None is like that.") : draw(shown));
    foot.replaceChildren(...[
      shown.length > 0 && h("p", { class: "muted", role: "status" }, `${page * SIZE + 1} to ${page * SIZE + shown.length} of ${found.length}`),
      page > 0 && button("Back", "quiet small", async () => show(page - 1)),
      (page + 1) * SIZE < found.length && button("Further", "quiet small", async () => show(page + 1)),
    ].filter(Boolean));
  };
  input.addEventListener("input", () => show());
  show();
  return h("div", { class: "stack" }, h("label", { class: "field search" }, label, input), place, foot);
}
