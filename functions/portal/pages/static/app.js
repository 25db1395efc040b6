// Which page an address shows, the links at the top, and going from page to page without loading everything anew.
import { ApiError, loaded } from "./api.js";
import { announce, button, h, head, isFault, link, note } from "./dom.js";
import { go, HOME, show, showWith } from "./navigation.js";
import * as session from "./session.js";

// The modules are loaded when their page is first shown. `open`: for whoever is not logged in, too.
const PAGES = {
  "": { load: () => import("./home.js"), open: true },
  "log-in": { load: () => import("./log-in.js"), open: true },
  register: { load: () => import("./register.js"), open: true },
  verify: { load: () => import("./verify.js"), open: true },
  invalidate: { load: () => import("./invalidate.js"), open: true },
  resend: { load: () => import("./resend.js"), open: true },
  "forgot-password": { load: () => import("./forgot-password.js"), open: true },
  "reset-password": { load: () => import("./reset-password.js"), open: true },
  applications: { load: () => import("./applications.js") },
  application: { load: () => import("./application.js") },
  credentials: { load: () => import("./credentials.js") },
  services: { load: () => import("./services.js") },
  profile: { load: () => import("./profile.js") },
  operator: { load: () => import("./operator.js"), open: true },
};

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const menu = document.getElementById("menu");
let turn = 0;

async function showPage(moved) {
  const mine = ++turn;
  const url = new URL(location.href);
  const name = url.pathname === "/portal/ui" ? "" : url.pathname.slice(HOME.length);
  const page = Object.hasOwn(PAGES, name) ? PAGES[name] : null;
  const late = setTimeout(() => mine === turn && main.replaceChildren(h("p", { class: "waiting" }, "One moment …")), 250);
  let content;
  try {
    content = await build(page, name, url);
  } catch (error) {
    console.error(error);
    content = [head("That did not work"), note("bad", error.message), isFault(error) && h("div", {}, button("Try again", "", () => show()))];
  }
  clearTimeout(late);
  if (mine !== turn) return;
  main.replaceChildren(h("div", { class: "stack" }, content));
  const title = main.querySelector("h1")?.textContent;
  document.title = name === "" || !title ? "Developer portal" : `${title} · Developer portal`;
  drawLinks(name, await session.developer().catch(() => null));
  if (moved) {
    scrollTo(0, 0);
    main.querySelector("h1")?.focus({ preventScroll: true });
  }
}

async function build(page, name, url) {
  if (!page) return [head("There is no such page", "The address may be mistyped, or the page has moved."), h("div", {}, link("", "Go to the start", { class: "button" }))];
  const who = await session.developer();
  if (!page.open && !who) return (await loaded(PAGES["log-in"].load)).page({ who, url, next: name + url.search });
  const { page: content } = await loaded(page.load);
  try {
    return await content({ who, url });
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 401 || page.open) throw error;
    session.forget();
    announce("Your session has ended. Please log in again.");
    return (await loaded(PAGES["log-in"].load)).page({ who: null, url, next: name + url.search });
  }
}

function drawLinks(name, who) {
  const to = (page, text) => link(page, text, { "aria-current": (name === page || (name === "application" && page === "applications")) && "page" });
  const reference = h("a", { href: "/portal/reference/" }, "API reference");
  const out = h("button", { type: "button" }, "Log out");
  out.addEventListener("click", async () => {
    try {
      await session.end();
      announce("You are logged out.");
      await go("");
    } catch (error) {
      announce(error.message);
    }
  });
  nav.replaceChildren(
    ...(who
      ? [to("applications", "Applications"), to("credentials", "Credentials"), to("services", "Services"), reference, to("profile", "Profile"), out]
      : [reference, to("log-in", "Log in"), to("register", "Register")]),
  );
  open(false);
}

function open(wanted) {
  nav.classList.toggle("open", wanted);
  menu.setAttribute("aria-expanded", String(wanted));
}

menu.addEventListener("click", () => open(!nav.classList.contains("open")));
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !nav.classList.contains("open")) return;
  open(false);
  menu.focus();
});

document.addEventListener("click", (event) => {
  const anchor = event.target.closest?.("a[href]");
  if (!anchor || anchor.origin !== location.origin || !anchor.pathname.startsWith(HOME)) return;
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || anchor.target) return;
  event.preventDefault();
  if (anchor.href !== location.href) history.pushState(null, "", anchor.href);
  show();
});
addEventListener("popstate", () => show());
showWith(showPage);
show(false);
