// Views that are shown one at a time, since each asks the API anew.
import { loaded } from "./api.js";
import { button, h, part } from "./dom.js";

/** What builds a part, by its name in a module, which is loaded when the part is first shown. */
export const from = (load, name) => async (...given) => (await loaded(load))[name](...given);

/** `all` are views: a title, and the parts that it shows, each a title and what builds it. The first is shown at once. */
export async function views(label, all) {
  const place = h("div", { class: "stack" });
  let turn = 0;
  const show = async (pressed, parts) => {
    const mine = ++turn;
    const late = setTimeout(() => mine === turn && place.replaceChildren(h("p", { class: "waiting" }, "One moment …")), 250);
    for (const element of buttons) element.setAttribute("aria-pressed", String(element === pressed));
    const built = await Promise.all(parts.map(([title, build]) => part(title, build, { inside: true })));
    clearTimeout(late);
    // Another view was asked for meanwhile.
    if (mine === turn) place.replaceChildren(...built);
  };
  const buttons = all.map(([title, parts]) => {
    const element = button(title, "quiet small", () => show(element, parts));
    return element;
  });
  await show(buttons[0], all[0][1]);
  return [h("div", { class: "row views", role: "group", "aria-label": label }, buttons), place];
}
