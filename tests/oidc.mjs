// node tests/oidc.mjs: a real OpenID provider on a free port of 127.0.0.1, for the tests of whatever takes its tokens.
//
// Prints one line of JSON when ready, {"ready": "http://127.0.0.1:1234"}, and stops when its standard input is closed.
// Tokens come from POST /token (client credentials); POST /token/introspection (RFC 7662) is for the client `chancery`.
// What a token says beyond its scope is in the id of the client that asked for it, see CLIENTS.
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

// The characters are those that a client must escape in its credentials.
const SECRET = "a secret/with+odd:characters=";

// Client id, and what its tokens say besides scope and client_id. `seconds` is how long they live.
const CLIENTS = {
  "of-anybody": { claims: { sub: "ada@example.com" } },
  "without-sub": {},
  "short-lived": { claims: { sub: "ada@example.com" }, seconds: 1 },
  "of-customer": { claims: { sub: "ada@example.com", tenantDns: "Customer.example", communityName: "Default" } },
  "of-other-tenant": { claims: { sub: "ada@example.com", tenantDns: "other.example" } },
  "of-other-community": { claims: { sub: "ada@example.com", communityName: "other" } },
  "of-unknown-ids": { claims: { sub: "ada@example.com", tenantId: "0".repeat(24), communityId: "0".repeat(24) } },
};

const server = createServer();
server.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${server.address().port}`;
  const machine = { grant_types: ["client_credentials"], redirect_uris: [], response_types: [] };
  const provider = new Provider(url, {
    scopes: ["extension:activate", "extension:read"],
    clients: [
      ...Object.keys(CLIENTS).map((id) => ({
        client_id: id,
        client_secret: SECRET,
        scope: "extension:activate extension:read",
        ...machine,
      })),
      { client_id: "chancery", client_secret: SECRET, ...machine },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: (ctx, client) => client.clientId === "chancery" },
      revocation: { enabled: true },
    },
    extraTokenClaims: (ctx, token) => CLIENTS[token.clientId]?.claims,
    ttl: { ClientCredentials: (ctx, token, client) => CLIENTS[client.clientId]?.seconds ?? 600 },
  });
  server.on("request", provider.callback());
  console.log(JSON.stringify({ ready: url }));
});

const stop = () => process.exit(0);
process.stdin.resume().on("end", stop).on("error", stop);
