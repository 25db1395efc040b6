// What there is to use, and requesting it for an application.
import { all, call } from "./api.js";
import { accessMark, request, serviceName } from "./application.js";
import { announce, empty, h, head, link } from "./dom.js";
import { form } from "./form.js";
import { searched } from "./list.js";
import { go } from "./navigation.js";

export async function page() {
  const [services, applications] = await Promise.all([all("/application_services"), all("/applications")]);
  // What each application has asked for: nobody asks twice.
  const asked = new Map(await Promise.all(applications.map(async ({ id }) => [id, new Map((await all(`/applications/${encodeURIComponent(id)}/application_instances`)).map((row) => [row.id, row.instance]))])));
  if (services.length === 0) {
    return [head("Services"), empty("No services yet", "The operators have not opened any service for registration. Please look again later.", h("a", { href: "/portal/reference/", class: "button quiet" }, "Read the API reference"))];
  }
  return [
    head("Services", "Choose an application and request access for it."),
    applications.length === 0 && h("p", { class: "note" }, "You need an application first. ", link("applications?new", "Create one"), "."),
    searched("Search services", services, serviceName, (found) => h("ul", { class: "grid" }, found.map((service) => card(service, applications, asked)))),
  ];
}

function card(service, applications, asked) {
  const name = serviceName(service);
  const config = service.app_registration_config ?? {};
  const left = applications.filter((one) => !asked.get(one.id).has(service.id));
  const uses = applications.filter((one) => asked.get(one.id).has(service.id));
  const ask = left.length > 0 && form({
    fields: [{ name: "application", label: "Application", options: left.map((one) => [one.id, one.name]) }],
    submit: "Request access",
    kind: "small",
    send: async ({ application }) => {
      const made = await request(application, service);
      announce(made.status === 0 ? `${name} can be used now.` : `Access to ${name} is requested.`);
      await go(`application?id=${encodeURIComponent(application)}`);
    },
  });
  if (ask) ask.setAttribute("aria-label", `Request access to ${name}`);
  return h("li", { class: "card stack" },
    h("div", { class: "stack tight" }, h("h2", { class: "wrap" }, name), config.description && h("p", { class: "muted" }, config.description), h("p", { class: "muted" }, config.auto_approve ? "Access is given at once." : "Access has to be approved.")),
    uses.length > 0 && h("ul", { class: "stack tight entries", "aria-label": `Applications with ${name}` }, uses.map((one) =>
      h("li", { class: "row apart" }, link(`application?id=${encodeURIComponent(one.id)}`, one.name), accessMark(asked.get(one.id).get(service.id))))),
    ask,
  );
}
