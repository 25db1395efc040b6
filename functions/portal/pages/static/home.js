// The first page: what this is, or, for who is logged in, where to go.
import { h, head, link } from "./dom.js";
import { meta } from "./session.js";

export async function page({ who }) {
  return who ? overview(who) : welcome();
}

function welcome() {
  const steps = [
    ["Register", "Tell us who you are. We may ask you to confirm your e-mail address, and somebody may have to approve your account."],
    ["Create an application", "Each of your programs gets an identity of its own, with its own OAuth 2 credentials."],
    ["Ask for a service", "Request access for an application. Once it is approved, its credentials work there."],
  ];
  return [
    h("div", { class: "hero stack" },
      h("h1", { tabindex: "-1" }, "Build on our APIs"),
      h("p", { class: "lead" }, "Read how every operation works, register your application, and get the credentials to call it."),
      h("div", { class: "row" }, link("register", "Register", { class: "button" }), link("log-in", "Log in", { class: "button quiet" }), h("a", { href: "/portal/reference/" }, "Read the API reference")),
    ),
    h("h2", {}, "In three steps"),
    h("ol", { class: "grid steps" }, steps.map(([title, text]) => h("li", { class: "card" }, h("h3", {}, title), h("p", { class: "muted" }, text)))),
  ];
}

function overview(who) {
  const name = meta(who).full_name || who.email;
  const cards = [
    ["applications", "Applications", "The programs you call our APIs with, and what each may use."],
    ["services", "Services", "What there is to use. Request access for one of your applications."],
    ["credentials", "Credentials", "Your own keys and JSON web tokens."],
    ["profile", "Profile", "Your details, e-mail address and password."],
  ];
  return [
    head(`Welcome, ${name}`, "What would you like to do?"),
    h("ul", { class: "grid" },
      cards.map(([page, title, text]) => h("li", { class: "card stack tight" }, h("h2", {}, link(page, title)), h("p", { class: "muted" }, text))),
      h("li", { class: "card stack tight" }, h("h2", {}, h("a", { href: "/portal/reference/" }, "API reference")), h("p", { class: "muted" }, "Every operation, with its fields and answers.")),
    ),
  ];
}
