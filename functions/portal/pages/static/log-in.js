// Logging in, and saying clearly why somebody whose password is right may not.
import { ApiError, logIn } from "./api.js";
import { announce, h, head, link, note } from "./dom.js";
import { form, mailAddress } from "./form.js";
import { go, show } from "./navigation.js";
import { begin } from "./session.js";

const NOT_YET = {
  1: ["warn", "Your account waits for approval. You can log in as soon as somebody has looked at it."],
  2: ["bad", "Your request for an account was declined. Please contact the operators if you think that is a mistake."],
  3: ["bad", "Your account was closed by the operators. Please contact them if you think that is a mistake."],
  5: ["warn", "Your e-mail address is not confirmed yet. Please open the link in the mail we sent you."],
};

export async function page({ who, next }) {
  if (who && next === undefined) return [head("You are logged in"), h("p", {}, "As ", h("strong", {}, who.email), "."), h("div", {}, link("", "Go to the start", { class: "button" }))];
  const reason = h("div", { role: "alert" });
  const fields = [
    { name: "email", label: "E-mail address", type: "email", autocomplete: "username", check: mailAddress },
    { name: "password", label: "Password", type: "password", autocomplete: "current-password" },
  ];
  const send = async ({ email, password }) => {
    reason.replaceChildren();
    try {
      await logIn(email, password);
    } catch (error) {
      const known = error instanceof ApiError && NOT_YET[error.body.status];
      if (known) {
        reason.replaceChildren(note(known[0], h("p", {}, known[1]), error.body.status === 5 && h("p", {}, link("resend", "Send the mail again"))));
        return;
      }
      if (error.status === 401) throw new ApiError(401, { message: "The e-mail address or the password is not right." });
      throw error;
    }
    await begin();
    announce("You are logged in.");
    // Asked for by a page that needs a session: that page, at its own address.
    await (next === undefined ? go("") : show());
  };
  return h("div", { class: "narrow stack" },
    head("Log in", next !== undefined && "Please log in to see this page."),
    reason,
    h("div", { class: "card" }, form({ fields, submit: "Log in", send })),
    h("p", {}, link("forgot-password", "Forgot your password?"), " · ", link("register", "Register")),
  );
}
