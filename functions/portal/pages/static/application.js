// One application: its details, the services it may use, and its credentials.
import { all, ApiError, call } from "./api.js";
import { announce, button, confirmed, copyable, h, head, link, mark, shownOnce, table, when } from "./dom.js";
import { form, redirectAddress } from "./form.js";
import { searched } from "./list.js";
import { go, show } from "./navigation.js";

/** The application that was made a moment ago: its first secret is shown once. */
let fresh = null;
export const keepNew = (id) => (fresh = id);

export const applicationFields = (values = {}) => [
  { name: "name", label: "Name", value: values.name, hint: "What you will recognise it by." },
  { name: "redirect_uri", label: "Redirect address", inputmode: "url", value: values.redirect_uri, hint: "Where people are sent back to after logging in, such as https://app.example.com/callback.", check: redirectAddress },
  { name: "description", label: "Description", value: values.description ?? "", required: false },
];

/** The state of a request for access, in words. */
export const accessMark = ({ status, suspended }) =>
  suspended ? mark("warn", "suspended") : { 0: mark("good", "approved"), 1: mark("warn", "waiting for approval"), 2: mark("bad", "declined"), 3: mark("bad", "revoked") }[status] ?? mark("", "unknown");

export const serviceName = (service) => service.app_registration_config?.display_name || service.name;

/** Asks for a service; what was asked for already is said without the ids that the API names. */
export async function request(application, service) {
  try {
    return await call("POST", `/applications/${encodeURIComponent(application)}/application_instances`, { service: { id: service.id } });
  } catch (error) {
    if (error.fields?.composite_id === undefined) throw error;
    throw new ApiError(error.status, { message: `This application has asked for ${serviceName(service)} already.` });
  }
}

const unknown = () => [
  head("There is no such application", "It may have been deleted, or it is somebody else's."),
  h("div", {}, link("applications", "All applications", { class: "button" })),
];

export async function page({ url }) {
  try {
    return await known(url);
  } catch (error) {
    if (error.status !== 404) throw error;
    return unknown();
  }
}

async function known(url) {
  const id = url.searchParams.get("id") ?? "";
  const path = `/applications/${encodeURIComponent(id)}`;
  const [one, services, mine, credentials] = await Promise.all([
    call("GET", path),
    all("/application_services"),
    all(`${path}/application_instances`),
    all(`${path}/credentials`),
  ]);
  const first = fresh === id && credentials.length > 0 && shownOnce("The credentials of your new application", secretsOf(credentials[0]));
  fresh = null;
  return [
    head(one.name, one.description, link("applications", "All applications", { class: "button quiet" })),
    first || null,
    access(id, path, services, mine),
    credentialList(path, credentials),
    h("section", { class: "card stack", "aria-label": "Details" }, h("h2", {}, "Details"), form({ fields: applicationFields(one), submit: "Save", send: async (values) => {
      const { description, ...rest } = values;
      await call("PATCH", path, { ...rest, ...(description === (one.description ?? "") ? {} : { description }) });
      announce("Your changes are saved.");
      await show(false);
    } })),
    h("section", { class: "card stack", "aria-label": "Delete" }, h("h2", {}, "Delete the application"), h("p", { class: "muted" }, "Its credentials stop working at once."), h("div", {}, button("Delete this application", "danger", async () => {
      if (!(await confirmed(`Delete ${one.name}?`, "Its credentials and its access to services are deleted with it. This cannot be undone.", "Delete"))) return;
      await call("DELETE", path);
      announce(`${one.name} is deleted.`);
      await go("applications");
    }))),
  ];
}

const secretsOf = (credential) => ({ "client ID": credential.client_id, "client secret": credential.client_secret });

function access(id, path, services, mine) {
  const instances = new Map(mine.map((row) => [row.id, row.instance]));
  const rows = services.map((service) => {
    const instance = instances.get(service.id);
    const name = serviceName(service);
    const act = instance
      ? button("Give up access", "quiet small", async () => {
          if (!(await confirmed(`Give up access to ${name}?`, "The credentials of this application stop working there at once. You can request access again.", "Give up access"))) return;
          await call("DELETE", `${path}/application_instances/${encodeURIComponent(instance.id)}`);
          announce(`Access to ${name} is given up.`);
          await show(false);
        })
      : button("Request access", "small", async () => {
          const made = await request(id, service);
          announce(made.status === 0 ? `${name} can be used now.` : `Access to ${name} is requested.`);
          await show(false);
        });
    act.setAttribute("aria-label", `${act.textContent}: ${name}`);
    const about = service.app_registration_config?.description;
    return [[h("strong", {}, name), about && h("p", { class: "muted" }, about)], instance ? accessMark(instance) : mark("", "no access"), act];
  });
  return h("section", { class: "card stack", "aria-label": "Access to services" },
    h("h2", {}, "Access to services"),
    rows.length === 0
      ? h("p", { class: "muted" }, "There are no services to request yet.")
      : searched("Search services", rows.map((cells, at) => ({ cells, name: serviceName(services[at]) })), (one) => one.name, (found) => table("Services", ["Service", "Access", "Action"], found.map((one) => one.cells))),
  );
}

function credentialList(path, credentials) {
  const place = h("div", { class: "stack" });
  const add = button("New credential", "small", async () => {
    const made = await call("POST", `${path}/credentials`, { hash_secret: true });
    await show(false);
    const section = document.querySelector('section[aria-label="Credentials"]');
    section.prepend(shownOnce("Your new credential", secretsOf(made)));
    section.scrollIntoView({ block: "nearest" });
    announce("A new credential is made. Please copy its secret now.");
  });
  place.append(h("div", { class: "row apart" }, h("h2", {}, "Credentials"), add), h("p", { class: "muted" }, "For OAuth 2. A secret is shown when it is made; if it is lost, make a new credential and delete the old one."));
  for (const one of credentials) {
    const remove = button("Delete", "danger small", async () => {
      if (!(await confirmed("Delete this credential?", `Programs that use ${one.client_id} stop working at once.`, "Delete"))) return;
      await call("DELETE", `${path}/credentials/${encodeURIComponent(one.id)}`);
      announce("The credential is deleted.");
      await show(false);
    });
    remove.setAttribute("aria-label", `Delete the credential ${one.client_id}`);
    place.append(h("div", { class: "stack tight" }, copyable("client ID", one.client_id), h("div", { class: "row apart" }, h("span", { class: "muted" }, "Created ", when(one.created_at)), remove)));
  }
  return h("section", { class: "card stack", "aria-label": "Credentials" }, place);
}
