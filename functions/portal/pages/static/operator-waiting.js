// Who and what waits for an operator's decision: developers, and applications that ask for a service.
import { announce, button, h, when } from "./dom.js";
import { meta } from "./session.js";
import { call } from "./sign.js";

const APPROVED = 0;
const DECLINED = 2;

export const developers = (draw) =>
  waiting(draw, {
    path: "/caas/portal/developers",
    nobody: "Nobody waits for an approval.",
    title: "Developer",
    name: (one) => one.email,
    about: (one) => [h("strong", {}, meta(one).full_name ?? one.email), h("p", { class: "muted" }, one.email)],
  });

export const access = (draw) =>
  waiting(draw, {
    path: "/caas/portal/application-instances",
    nobody: "No application waits for access.",
    title: "Request",
    name: (one) => `${one.application_name} for ${one.service_name}`,
    about: (one) => [h("strong", {}, one.application_name), " for ", h("strong", {}, one.service_name), h("p", { class: "muted" }, one.developer_email)],
  });

async function waiting(draw, { path, nobody, title, name, about }) {
  const { data } = await call("GET", `${path}?status=1&size=100`);
  if (data.length === 0) return h("p", { class: "muted" }, nobody);
  const act = (one, text, kind, status, done) => {
    const element = button(text, kind, async () => {
      await call("PATCH", `${path}/${encodeURIComponent(one.id)}`, { status });
      announce(`${name(one)} is ${done}.`);
      await draw();
    });
    element.setAttribute("aria-label", `${text} ${name(one)}`);
    return element;
  };
  const row = (one) => h("tr", {},
    h("td", { class: "wrap" }, about(one)),
    h("td", {}, when(one.created_at)),
    h("td", {}, h("div", { class: "row" }, act(one, "Approve", "small", APPROVED, "approved"), act(one, "Decline", "danger small", DECLINED, "declined"))),
  );
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Waiting: ${title}` },
    h("table", {}, h("thead", {}, h("tr", {}, [title, "Since", "Decision"].map((text) => h("th", { scope: "col" }, text)))), h("tbody", {}, data.map(row))));
}
