// What a row of a list opens below it. The place says so to screen readers, and what is opened is scrolled to.
import { h } from "./dom.js";

export function opened() {
  const element = h("div", { class: "stack", "aria-live": "polite" });
  const open = async (build) => {
    element.replaceChildren(...[await build()].flat().filter(Boolean));
    const title = element.querySelector("h3, h4");
    title?.scrollIntoView({ block: "nearest" });
    title?.focus({ preventScroll: true });
  };
  return { element, open };
}
