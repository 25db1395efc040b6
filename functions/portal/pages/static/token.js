// The one-time token of a link in a mail: taken from the address, and taken out of it, so that it stays in no history.

export function takeToken(url) {
  const inside = new URLSearchParams(url.hash.slice(1));
  const token = url.searchParams.get("token") ?? inside.get("token") ?? "";
  if (token !== "") history.replaceState(null, "", url.pathname);
  return token;
}
