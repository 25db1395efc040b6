// Developers who wait for an approval.
import { announce, button, h, when } from "./dom.js";
import { meta } from "./session.js";
import { call } from "./sign.js";

export async function developers(draw) {
  const { data } = await call("GET", "/caas/portal/developers?status=1&size=100");
  if (data.length === 0) return h("p", { class: "muted" }, "Nobody waits for an approval.");
  const act = (one, text, kind, status, done) => {
    const element = button(text, kind, async () => {
      await call("PATCH", `/caas/portal/developers/${encodeURIComponent(one.id)}`, { status });
      announce(`${one.email} is ${done}.`);
      await draw();
    });
    element.setAttribute("aria-label", `${text} ${one.email}`);
    return element;
  };
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Waiting developers" },
    h("table", {},
      h("thead", {}, h("tr", {}, ["Developer", "Registered", "Decision"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, data.map((one) => h("tr", {},
        h("td", { class: "wrap" }, h("strong", {}, meta(one).full_name ?? one.email), h("p", { class: "muted" }, one.email)),
        h("td", {}, when(one.created_at)),
        h("td", {}, h("div", { class: "row" }, act(one, "Approve", "small", 0, "approved"), act(one, "Decline", "danger small", 2, "declined"))),
      )))));
}
