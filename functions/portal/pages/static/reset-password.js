// Choosing a new password with the token of a mail. A token that is not valid is reported before anything is typed.
import { ApiError, call } from "./api.js";
import { h, head, link, note } from "./dom.js";
import { form } from "./form.js";
import { passwordRule } from "./register.js";
import { forget } from "./session.js";
import { takeToken } from "./token.js";

const SPENT = "This link is used up or too old.";

export async function page({ url }) {
  const token = takeToken(url);
  const place = h("div", { class: "narrow stack" });
  const again = h("div", {}, link("forgot-password", "Ask for a new link", { class: "button" }));
  try {
    await call("POST", "/validate-reset", { token });
  } catch (error) {
    if (error.status !== 401 && error.status !== 400) throw error;
    place.append(head("Choose a new password"), note("warn", token ? SPENT : "Please open the link in the mail we sent you."), again);
    return place;
  }
  const send = async ({ password }) => {
    try {
      await call("POST", "/reset-password", { token, password });
    } catch (error) {
      if (error.status !== 401) throw error;
      throw new ApiError(401, { message: `${SPENT} Please ask for a new one.` });
    }
    forget();
    place.replaceChildren(head("Your password is changed"), note("good", "Wherever you were logged in, you are logged out now."), h("div", {}, link("log-in", "Log in", { class: "button" })));
    place.querySelector("h1").focus();
  };
  const fields = [{ name: "password", label: "New password", type: "password", autocomplete: "new-password", hint: "At least 8 characters.", check: passwordRule }];
  place.append(head("Choose a new password"), h("div", { class: "card" }, form({ fields, submit: "Change my password", send })));
  return place;
}
