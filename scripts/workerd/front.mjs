// The Worker that owns the public socket on this machine. It stands where Cloudflare's edge stands in a deployment,
// so it decides which headers of that edge a request carries. Bundled by nobody: workerd reads it as it is.

// `cf-…` headers are set by the edge alone, and `mf-…` headers are instructions to Miniflare. None of them is the
// caller's to send. The socket listens on the loopback interface, so every caller has this address.
const RESERVED = /^(cf|mf)-/;
const ADDRESS = "cf-connecting-ip";
const LOOPBACK = "127.0.0.1";

export default {
  fetch(request, env) {
    const trusted = env.TRUST_EDGE_HEADERS && request.headers.has(ADDRESS);
    return destination(request, env).fetch(trusted ? request : withoutReservedHeaders(request));
  },
};

// The gateway, but for the routes of functions that are deployed without it.
function destination(request, env) {
  if (env.ROUTES.length === 0) return env.GATEWAY;
  const { pathname } = new URL(request.url);
  const fits = ({ path, prefix }) => (prefix ? pathname.startsWith(path) : pathname === path);
  return env[env.ROUTES.find(fits)?.binding ?? "GATEWAY"];
}

function withoutReservedHeaders(request) {
  const headers = new Headers(request.headers);
  for (const name of request.headers.keys()) if (RESERVED.test(name)) headers.delete(name);
  headers.set(ADDRESS, LOOPBACK);
  return new Request(request, { headers });
}
