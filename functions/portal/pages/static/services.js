// What there is to use, and requesting it for an application.
import { all, call } from "./api.js";
import { go } from "./app.js";
import { announce, empty, h, head, link } from "./dom.js";
import { form } from "./form.js";
import { serviceName } from "./application.js";

export async function page() {
  const [services, applications] = await Promise.all([all("/application_services"), all("/applications")]);
  if (services.length === 0) {
    return [head("Services"), empty("No services yet", "The operators have not opened any service for registration. Please look again later.", h("a", { href: "/portal/reference/", class: "button quiet" }, "Read the API reference"))];
  }
  return [
    head("Services", "Choose an application and request access for it."),
    applications.length === 0 && h("p", { class: "note" }, "You need an application first. ", link("applications?new", "Create one"), "."),
    h("ul", { class: "grid" }, services.map((service) => card(service, applications))),
  ];
}

function card(service, applications) {
  const name = serviceName(service);
  const config = service.app_registration_config ?? {};
  const request = applications.length > 0 && form({
    fields: [{ name: "application", label: "Application", options: applications.map((one) => [one.id, one.name]) }],
    submit: "Request access",
    kind: "small",
    send: async ({ application }) => {
      const made = await call("POST", `/applications/${encodeURIComponent(application)}/application_instances`, { service: { id: service.id } });
      announce(made.status === 0 ? `${name} can be used now.` : `Access to ${name} is requested.`);
      await go(`application?id=${encodeURIComponent(application)}`);
    },
  });
  if (request) request.setAttribute("aria-label", `Request access to ${name}`);
  return h("li", { class: "card stack" },
    h("div", { class: "stack tight" }, h("h2", { class: "wrap" }, name), config.description && h("p", { class: "muted" }, config.description), h("p", { class: "muted" }, config.auto_approve ? "Access is given at once." : "Access has to be approved.")),
    request,
  );
}
