// Confirming an e-mail address. By a button, since programs that look through mail open links, too.
import { ApiError, call } from "./api.js";
import { h, head, link, note } from "./dom.js";
import { form } from "./form.js";
import { takeToken } from "./token.js";

export async function page({ url }) {
  const token = takeToken(url);
  const place = h("div", { class: "narrow stack" });
  const send = async ({ token: typed }) => {
    let answer;
    try {
      answer = await call("POST", "/verify-account", { token: typed ?? token });
    } catch (error) {
      if (error.status !== 401) throw error;
      throw new ApiError(401, { message: "This link is used up or too old. Please ask for a new one." });
    }
    place.replaceChildren(
      head("Your e-mail address is confirmed"),
      answer.status === 0
        ? note("good", "Your account is ready: you can log in now.")
        : note("good", "Thank you. Somebody will look at your request; you can log in once it is approved."),
      answer.status === 0 ? h("div", {}, link("log-in", "Log in", { class: "button" })) : "",
    );
    place.querySelector("h1").focus();
  };
  const fields = token ? [] : [{ name: "token", label: "Code from the mail" }];
  place.append(
    head("Confirm your e-mail address", token ? "One more click, and we know that the address is yours." : "Please open the link in the mail we sent you, or paste its code here."),
    h("div", { class: "card" }, form({ fields, submit: "Confirm my address", send })),
    h("p", {}, "The link does not work? ", link("resend", "Ask for a new one"), "."),
  );
  return place;
}
