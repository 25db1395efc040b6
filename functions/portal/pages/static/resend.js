// A new mail to confirm an address. The answer is the same for every address.
import { call } from "./api.js";
import { h, head, link, note } from "./dom.js";
import { form, mailAddress } from "./form.js";

export async function page() {
  const place = h("div", { class: "narrow stack" });
  const send = async ({ email }) => {
    await call("POST", "/resend-account-verification", { email });
    place.replaceChildren(head("Please look into your mail"), note("good", "If this address waits to be confirmed, a new link is on its way. Earlier links no longer work."));
    place.querySelector("h1").focus();
  };
  const fields = [{ name: "email", label: "E-mail address", type: "email", autocomplete: "username", check: mailAddress }];
  place.append(
    head("Send the link again", "We send a new link to confirm your e-mail address."),
    h("div", { class: "card" }, form({ fields, submit: "Send a new link", send })),
    h("p", {}, link("log-in", "Back to logging in")),
  );
  return place;
}
