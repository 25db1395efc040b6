// Who and what waits for an operator's decision: developers, and applications that ask for a service.
import { announce, button, h, table, when } from "./dom.js";
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
  const row = (one) => [
    h("div", { class: "wrap" }, about(one)),
    when(one.created_at),
    h("div", { class: "row" }, act(one, "Approve", "small", APPROVED, "approved"), act(one, "Decline", "danger small", DECLINED, "declined")),
  ];
  return table(`Waiting: ${title}`, [title, "Since", "Decision"], data.map(row));
}
