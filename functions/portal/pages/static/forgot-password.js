// A mail with a link to a new password. The answer is the same for every address.
import { call } from "./api.js";
import { h, head, link, note } from "./dom.js";
import { form, mailAddress } from "./form.js";

export async function page() {
  const place = h("div", { class: "narrow stack" });
  const send = async ({ email }) => {
    await call("POST", "/forgot-password", { email });
    place.replaceChildren(head("Please look into your mail"), note("good", "If there is an account with this address, a link to choose a new password is on its way."));
    place.querySelector("h1").focus();
  };
  const fields = [{ name: "email", label: "E-mail address", type: "email", autocomplete: "username", check: mailAddress }];
  place.append(
    head("Forgot your password?", "We send you a link with which you can choose a new one."),
    h("div", { class: "card" }, form({ fields, submit: "Send the link", send })),
    h("p", {}, link("log-in", "Back to logging in")),
  );
  return place;
}
