// What the portal knows of a developer, each part with a form of its own, and the way out.
import { call } from "./api.js";
import { announce, button, confirmed, h, head, mark, when } from "./dom.js";
import { form, mailAddress } from "./form.js";
import { go, show } from "./navigation.js";
import { metaFields, metaText, passwordRule } from "./register.js";
import { developer, forget, meta } from "./session.js";

export async function page({ who }) {
  const about = await metaFields(meta(who));
  return [
    head("Profile", null),
    h("section", { class: "card stack" },
      h("dl", {}, h("dt", {}, "E-mail address"), h("dd", {}, who.email), h("dt", {}, "Account"), h("dd", {}, mark("good", "approved")), h("dt", {}, "Since"), h("dd", {}, when(who.created_at))),
    ),
    section("Details", form({ fields: about, submit: "Save details", send: async (values) => {
      await call("PATCH", "/developer/meta", { meta: metaText(about, values) });
      await developer(true);
      announce("Your details are saved.");
    } })),
    section("E-mail address", form({
      fields: [{ name: "email", label: "New e-mail address", type: "email", autocomplete: "email", check: mailAddress }],
      submit: "Change e-mail address",
      send: async ({ email }) => {
        await call("PATCH", "/developer/email", { email });
        // An address that stands changes nothing, and one that need not be confirmed gets no mail.
        const changed = email !== who.email;
        await developer(true);
        announce(!changed ? "This is your address already." : "Your e-mail address is changed. If it has to be confirmed, a mail with a link was sent to it.");
        await show(false);
      },
    })),
    section("Password", form({
      fields: [
        { name: "old_password", label: "Current password", type: "password", autocomplete: "current-password" },
        { name: "password", label: "New password", type: "password", autocomplete: "new-password", hint: "At least 8 characters. Other places where you are logged in are logged out.", check: passwordRule },
      ],
      submit: "Change password",
      send: async ({ old_password, password }, element) => {
        await call("PATCH", "/developer/password", { old_password, password });
        element.reset();
        announce("Your password is changed.");
      },
    })),
    section("Delete the account",
      h("p", { class: "muted" }, "Your applications, all their credentials and everything else about you are deleted with it, at once and for good."),
      h("div", {}, button("Delete my account", "danger", async () => {
        const sure = await confirmed("Delete your account?", "Programs that use your credentials stop working at once. This cannot be undone.", "Delete my account", who.email);
        if (!sure) return;
        await call("DELETE", "/developer");
        forget();
        announce("Your account is deleted.");
        await go("");
      })),
    ),
  ];
}

const section = (title, ...content) => h("section", { class: "card stack", "aria-label": title }, h("h2", {}, title), ...content);
