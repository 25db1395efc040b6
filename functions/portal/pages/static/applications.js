// The developer's applications, and making one.
import { all, call } from "./api.js";
import { applicationFields, keepNew } from "./application.js";
import { announce, empty, h, head, link, when } from "./dom.js";
import { form } from "./form.js";
import { searched } from "./list.js";
import { go } from "./navigation.js";

export async function page({ url }) {
  if (url.searchParams.has("new")) return create();
  const applications = await all("/applications");
  const make = link("applications?new", "New application", { class: "button" });
  if (applications.length === 0) {
    return [head("Applications"), empty("No application yet", "An application is the identity of one of your programs. It gets credentials of its own, and access to the services you request for it.", make)];
  }
  return [
    head("Applications", "The programs you call our APIs with.", make),
    searched("Search applications", applications, (one) => `${one.name} ${one.redirect_uri ?? ""}`, (found) => h("ul", { class: "grid" }, found.map((one) =>
      h("li", { class: "card stack tight" },
        h("h2", { class: "wrap" }, link(`application?id=${encodeURIComponent(one.id)}`, one.name)),
        h("p", { class: "muted wrap" }, one.redirect_uri),
        h("p", { class: "muted" }, "Created ", when(one.created_at)),
      )))),
  ];
}

function create() {
  const send = async ({ name, redirect_uri, description }) => {
    const made = await call("POST", "/applications", { name, redirect_uri, ...(description === "" ? {} : { description }) });
    keepNew(made.id);
    announce(`${made.name} is created.`);
    await go(`application?id=${encodeURIComponent(made.id)}`);
  };
  return h("div", { class: "narrow stack" },
    head("New application"),
    h("div", { class: "card" }, form({ fields: applicationFields(), submit: "Create application", send })),
    h("p", {}, link("applications", "Back to your applications")),
  );
}
