// For operators: whether everything answers, what a licence key lets them see, and a tenant of QNSP. The parts are modules of their own.
import { announce, button, h, head, mark, note, part } from "./dom.js";
import { form } from "./form.js";
import { show } from "./navigation.js";
import { project } from "./operator-project.js";
import { status } from "./operator-status.js";
import { tenant } from "./operator-tenant.js";
import { curve, current, forget, open } from "./sign.js";
import { from, views } from "./views.js";

const waiting = () => import("./operator-waiting.js");
const VIEWS = [
  ["Developers", [["Developers", from(waiting, "developers")]]],
  ["Access", [["Access to services", from(waiting, "access")]]],
  ["Services", [["Services", from(() => import("./operator-services.js"), "services")]]],
  ["Files", [["Files", from(() => import("./operator-files.js"), "files")]]],
  ["Mails", [["Mails", from(() => import("./operator-mail.js"), "mail")]]],
  ["Licences", [["Licences", from(() => import("./operator-licences.js"), "licences")]]],
  ["Secrets", [["Secrets of a community", from(() => import("./operator-stored.js"), "names")]]],
  ["Configuration", [["Configuration", from(() => import("./operator-config.js"), "configuration")]]],
  ["Tenants", [["QNSP tenants", from(() => import("./operator-tenants.js"), "tenants")]]],
  ["Audit log", [["Audit log", from(() => import("./operator-audit.js"), "audit")]]],
];

export async function page() {
  const who = current()?.who;
  return [
    head("Operations", "The state of this deployment. With a licence key you see more; so you do with a token of a project, or with an API key of a tenant of QNSP."),
    await status(),
    who ? await part("Console", () => signedIn(who)) : await ask(),
    await part("A project of the Config API", project),
    await part("A tenant of QNSP", tenant),
  ];
}

async function signedIn({ tag, authLevel }) {
  const out = button("Forget the key", "quiet small", async () => {
    forget();
    announce("The licence key is forgotten.");
    await show(false);
  });
  return [
    h("div", { class: "row apart" }, h("p", {}, "Requests are signed as ", h("strong", {}, tag), " ", mark("", authLevel)), out),
    ...(await views("What is shown of the deployment", VIEWS)),
  ];
}

async function ask() {
  const place = (...content) => h("section", { class: "card stack", "aria-label": "Licence key" }, h("h2", {}, "Licence key"), ...content);
  if (!globalThis.crypto?.subtle) return place(note("warn", "Browsers sign only on pages that came over HTTPS, or from this machine. Please open this page that way."));
  if ((await curve()) !== "prime256v1") {
    return place(note("warn", "This deployment uses the curve secp256k1, which browsers do not have. Please use the command line tool, ", h("code", {}, "chancery"), "."));
  }
  const send = async ({ licence }) => {
    try {
      await open(licence);
    } catch (error) {
      if (error.status === 401) error.message = "This licence key is not known, has expired or is disabled; or this machine's clock is off.";
      throw error;
    }
    announce("The licence key is accepted.");
    await show(false);
  };
  return place(
    h("p", { class: "muted" }, "Every request is signed here, in your browser. The key is encrypted as soon as you give it, is stored nowhere, and cannot be read from this page again. Reloading the page, or a quarter of an hour without a request, forgets it."),
    form({ fields: [{ name: "licence", label: "Licence key", type: "password" }], submit: "Use this key", send }),
  );
}
