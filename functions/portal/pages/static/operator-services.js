// The services that applications may ask for: what each is called, who lets applications in, and whether it is offered.
import { ApiError } from "./api.js";
import { announce, button, confirmed, h, mark, named, table, when } from "./dom.js";
import { form } from "./form.js";
import { opened } from "./operator-opened.js";
import { pager } from "./operator-pager.js";
import { call } from "./sign.js";

const SIZE = 25;
const PATH = "/caas/portal/services";
const at = (name) => `${PATH}/${encodeURIComponent(name)}`;
const YES_NO = (yes, no) => [["true", yes], ["false", no]];

export async function services(draw, offsets = []) {
  const query = new URLSearchParams({ size: String(SIZE), ...(offsets.length > 0 ? { offset: offsets.at(-1) } : {}) });
  const { data, total, offset } = await call("GET", `${PATH}?${query}`);
  const place = opened();
  const again = () => draw(offsets);
  const rows = data.map((one) => [
    [h("strong", { class: "wrap" }, one.app_registration_config.display_name), h("p", { class: "muted wrap" }, one.name)],
    one.registrable ? mark("good", "offered") : mark("", "not offered"),
    one.app_registration_config.auto_approve ? "at once" : "by an operator",
    when(one.updated_at),
    h("div", { class: "row" },
      named(`Change ${one.name}`, button("Change", "quiet small", () => place.open(() => [h("h4", { tabindex: "-1", class: "wrap" }, `Change ${one.name}`), settings(again, one)]))),
      named(`Delete ${one.name}`, button("Delete", "danger small", async () => {
        const lost = "Applications lose their access to it, and their requests for it. This cannot be undone.";
        if (!(await confirmed(`Delete the service ${one.name}?`, lost, "Delete", one.name))) return;
        await call("DELETE", at(one.name));
        await draw(data.length === 1 ? offsets.slice(0, -1) : offsets);
        announce(`The service ${one.name} is deleted.`);
      }))),
  ]);
  return [
    total === 0
      ? h("p", { class: "muted" }, "There is no service yet. Applications can ask for access once there is one.")
      : [table("Services", ["Service", "State", "Approved", "Changed", "Action"], rows), pager({ offsets, size: SIZE, shown: data.length, total, next: offset }, draw)],
    place.element,
    h("details", {}, h("summary", {}, "New service"), settings(again)),
  ].flat();
}

/** A form for a service that there is, or for a new one. */
function settings(again, one) {
  const { display_name, description, auto_approve } = one?.app_registration_config ?? {};
  return form({
    fields: [
      !one && { name: "name", label: "Name", hint: "It stands in requests: letters, digits and . _ ~ -", check: (value) => !/^[A-Za-z0-9._~-]{1,128}$/.test(value) && "Please use at most 128 letters, digits and . _ ~ -" },
      { name: "display_name", label: "Name for people", value: display_name, required: Boolean(one) },
      { name: "description", label: "Description", value: description, required: false },
      { name: "registrable", label: "Offered", value: String(one?.registrable ?? true), options: YES_NO("applications may ask for it", "nobody may ask for it") },
      { name: "auto_approve", label: "Approved", value: String(auto_approve ?? false), options: YES_NO("at once", "by an operator") },
    ].filter(Boolean),
    submit: one ? "Save the service" : "Make the service",
    send: async (values) => {
      const name = one?.name ?? values.name;
      // Putting would change another service of this name.
      if (!one && (await isThere(name))) throw new ApiError(409, { fields: { name: "There is a service of this name." } });
      await call("PUT", at(name), {
        ...(values.display_name === "" ? {} : { display_name: values.display_name }),
        description: values.description,
        registrable: values.registrable === "true",
        auto_approve: values.auto_approve === "true",
      });
      await again();
      announce(one ? `The service ${name} is changed.` : `The service ${name} is made.`);
    },
  });
}

const isThere = (name) => call("GET", at(name)).then(() => true, (error) => {
  if (error.status !== 404) throw error;
  return false;
});
