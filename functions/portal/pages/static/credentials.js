// The developer's own credentials: API keys, and keys of JSON web tokens.
import { all, call } from "./api.js";
import { announce, button, confirmed, h, head, shownOnce, table, when } from "./dom.js";
import { form } from "./form.js";
import { searched } from "./list.js";
import { show } from "./navigation.js";

const ALGORITHMS = ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384"];
const symmetric = (algorithm) => algorithm.startsWith("HS");

export async function page() {
  const [keys, tokens] = await Promise.all([all("/credentials/key-auth"), all("/credentials/jwt")]);
  return [head("Credentials", "These are your own. The credentials of an application are with the application."), keyAuth(keys), jwt(tokens)];
}

/** Shows the page again with a value at the top that is not shown a second time. */
async function showNew(label, title, values) {
  await show(false);
  const section = document.querySelector(`section[aria-label="${label}"]`);
  section.prepend(shownOnce(title, values));
  section.scrollIntoView({ block: "nearest" });
  announce("Made. Please copy it now.");
}

const masked = (text) => `${text.slice(0, 4)}…${text.slice(-2)}`;

function remove(kind, id, name, warning) {
  const act = button("Delete", "danger small", async () => {
    if (!(await confirmed("Delete this credential?", warning, "Delete"))) return;
    await call("DELETE", `/credentials/${kind}/${encodeURIComponent(id)}`);
    announce("The credential is deleted.");
    await show(false);
  });
  act.setAttribute("aria-label", `Delete the credential ${name}`);
  return act;
}

function keyAuth(keys) {
  return h("section", { class: "card stack", "aria-label": "API keys" },
    h("h2", {}, "API keys"),
    keys.length === 0
      ? h("p", { class: "muted" }, "You have no key yet. A key is sent with every request and says that it is yours.")
      : searched("Search keys", keys, (one) => masked(one.key), (found) => table("Keys", ["Key", "Created", "Action"], found.map((one) => [h("code", {}, masked(one.key)), when(one.created_at), remove("key-auth", one.id, masked(one.key), "Requests with this key are refused at once.")]))),
    form({
      fields: [{ name: "key", label: "Your own key", required: false, hint: "Leave this empty, and a random one is made." }],
      submit: "New key",
      send: async ({ key }) => {
        const made = await call("POST", "/credentials/key-auth", key === "" ? {} : { key });
        await showNew("API keys", "Your new API key", { "API key": made.key });
      },
    }),
  );
}

function jwt(tokens) {
  return h("section", { class: "card stack", "aria-label": "JSON web tokens" },
    h("h2", {}, "JSON web tokens"),
    tokens.length === 0
      ? h("p", { class: "muted" }, "You have none yet. You sign tokens yourself: with a shared secret, or with a private key whose public half you give us.")
      : searched("Search tokens", tokens, (one) => one.key, (found) => table("JSON web tokens", ["Issuer (iss)", "Algorithm", "Created", "Action"], found.map((one) => [h("code", { class: "wrap" }, one.key), one.algorithm, when(one.created_at), remove("jwt", one.id, one.key, `Tokens that name ${one.key} are refused at once.`)]))),
    newToken(),
  );
}

function newToken() {
  const random = () => Array.from(crypto.getRandomValues(new Uint8Array(24)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const element = form({
    fields: [
      { name: "algorithm", label: "Algorithm", options: ALGORITHMS.map((name) => [name, name]) },
      { name: "key", label: "Issuer", hint: "The value of iss in your tokens. Nobody else may have the same.", draw: random },
      { name: "secret", label: "Secret", hint: "With HS algorithms your tokens are signed with it.", draw: random },
      {
        name: "rsa_public_key",
        label: "Public key",
        type: "textarea",
        required: ({ algorithm }) => !symmetric(algorithm),
        hint: "With RS and ES algorithms: the public key in PEM form, from -----BEGIN PUBLIC KEY----- on.",
      },
    ],
    submit: "New credential",
    send: async ({ rsa_public_key, ...values }) => {
      const made = await call("POST", "/credentials/jwt", { ...values, ...(rsa_public_key === "" ? {} : { rsa_public_key }) });
      if (symmetric(made.algorithm)) return showNew("JSON web tokens", "Your new credential", { issuer: made.key, secret: made.secret });
      await show(false);
      announce("The credential is made.");
    },
  });
  // The API asks for a secret always; where it signs nothing, a random one does.
  const algorithm = element.input("algorithm");
  const adapt = () => {
    const shared = symmetric(algorithm.value);
    const secret = element.input("secret");
    if (!shared && secret.value === "") secret.value = random();
    secret.closest(".field").hidden = !shared;
    element.input("rsa_public_key").closest(".field").hidden = shared;
  };
  algorithm.addEventListener("change", adapt);
  adapt();
  return element;
}
