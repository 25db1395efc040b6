// Making a verification mail worthless, for somebody who did not register. By a button, as for confirming an address.
import { ApiError, call } from "./api.js";
import { h, head, note } from "./dom.js";
import { form } from "./form.js";
import { takeToken } from "./token.js";

export async function page({ url }) {
  const token = takeToken(url);
  const place = h("div", { class: "narrow stack" });
  const send = async ({ token: typed }) => {
    try {
      await call("POST", "/invalidate-account-verification", { token: typed ?? token });
    } catch (error) {
      if (error.status !== 401) throw error;
      throw new ApiError(401, { message: "This link is used up or too old." });
    }
    place.replaceChildren(head("The link is worthless now"), note("good", "Nobody can confirm your address with it."));
    place.querySelector("h1").focus();
  };
  const fields = token ? [] : [{ name: "token", label: "Code from the mail" }];
  place.append(
    head("You did not register?", "Then the address in the mail should not be confirmed."),
    h("div", { class: "card" }, form({ fields, submit: "Make the link worthless", send })),
  );
  return place;
}
