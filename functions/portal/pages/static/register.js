// Registration. Which details are asked for is the portal's setting.
import { call } from "./api.js";
import { h, head, link, note } from "./dom.js";
import { form, mailAddress } from "./form.js";

export const passwordRule = (value) => (value.length >= 8 ? null : "Please use at least 8 characters; a few words make a good password.");

/** The portal's own fields about a developer, as fields of a form. */
export async function metaFields(values = {}) {
  const fields = await call("GET", "/developer/meta_fields");
  return fields.map(({ title, label, is_email, validator }) => ({
    name: title,
    label,
    required: validator?.required === true,
    value: values[title] ?? "",
    type: is_email ? "email" : "text",
    autocomplete: title === "full_name" ? "name" : "on",
    check: is_email ? mailAddress : undefined,
  }));
}

/** From the values of a form to the text that the API keeps. */
export const metaText = (fields, values) =>
  JSON.stringify(Object.fromEntries(fields.filter(({ name }) => values[name] !== "").map(({ name }) => [name, values[name]])));

export async function page() {
  const about = await metaFields();
  const place = h("div", { class: "narrow stack" });
  const fields = [
    ...about,
    { name: "email", label: "E-mail address", type: "email", autocomplete: "username", check: mailAddress },
    { name: "password", label: "Password", type: "password", autocomplete: "new-password", hint: "At least 8 characters.", check: passwordRule },
  ];
  const send = async ({ email, password, ...values }) => {
    const { developer } = await call("POST", "/register", { email, password, meta: metaText(about, values) });
    place.replaceChildren(...thanks(developer));
    place.querySelector("h1").focus();
  };
  place.append(
    head("Register", "An account is free, and you can delete it at any time."),
    h("div", { class: "card" }, form({ fields, submit: "Register", send })),
    h("p", {}, "You have an account already? ", link("log-in", "Log in"), "."),
  );
  return place;
}

function thanks({ status, email }) {
  if (status === 5) {
    return [
      head("Please look into your mail"),
      note("good", h("p", {}, "We have sent a link to ", h("strong", {}, email), ". Open it to confirm that the address is yours.")),
      h("p", {}, "Nothing there after a few minutes? Look among the unwanted mail, or ", link("resend", "let us send it again"), "."),
    ];
  }
  if (status === 0) {
    return [head("Your account is ready"), note("good", "You can log in now."), h("div", {}, link("log-in", "Log in", { class: "button" }))];
  }
  return [head("Thank you for registering"), note("good", h("p", {}, "Somebody will look at your request. You can log in as ", h("strong", {}, email), " once it is approved."))];
}
