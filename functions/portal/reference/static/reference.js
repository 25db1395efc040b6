// Starts the viewer on the document that the address names. It sends requests to this server only.
(() => {
  const name = location.pathname.split("/").pop();
  for (const link of document.querySelectorAll("#documents a")) {
    if (link.pathname !== location.pathname) continue;
    link.setAttribute("aria-current", "page");
    // On a phone the links are wider than the window.
    link.scrollIntoView({ block: "nearest", inline: "center" });
    document.title = `${link.textContent} · API reference`;
  }
  const place = document.getElementById("reference");
  if (!window.Scalar) {
    place.textContent = "The viewer did not load. The document itself is at ";
    const link = document.createElement("a");
    link.href = link.textContent = `/portal/reference/openapi/${name}.json`;
    place.append(link);
    return;
  }
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  place.replaceChildren();
  Scalar.createApiReference(place, {
    url: `/portal/reference/openapi/${name}.json`,
    servers: [{ url: location.origin }],
    theme: "default",
    withDefaultFonts: false,
    telemetry: false,
    agent: { disabled: true },
    mcp: { disabled: true },
    showDeveloperTools: "never",
    hideClientButton: true,
    hideDarkModeToggle: true,
    forceDarkModeState: dark() ? "dark" : "light",
    documentDownloadType: "json",
  });
  // Its buttons that copy have a picture and no name, one of its lists scrolls out of the keyboard's reach, on a phone it has
  // a header beside that of the page, and the answers of all operations are regions of the same few names.
  new MutationObserver(() => {
    for (const button of place.querySelectorAll("button.scalar-code-copy:not([aria-label])")) button.setAttribute("aria-label", "Copy the code");
    for (const list of place.querySelectorAll("ul.endpoints:not([tabindex])")) list.tabIndex = 0;
    for (const header of place.querySelectorAll("header:not([role])")) header.setAttribute("role", "group");
    for (const answers of place.querySelectorAll(".response-card[role=region]")) answers.setAttribute("role", "group");
  }).observe(place, { childList: true, subtree: true });
  // The viewer goes by a class of the body.
  const follow = () => {
    document.body.classList.toggle("dark-mode", dark());
    document.body.classList.toggle("light-mode", !dark());
  };
  new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", follow);
})();
