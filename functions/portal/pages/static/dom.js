// Elements from plain calls; text is always text, never markup.

/** h("p", { class: "lead" }, "text", node, [more]): children that are null or false are left out. */
export const h = (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children);

/** The same for a picture: svg("rect", { width: 3 }). */
export const svg = (tag, attributes, ...children) => filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

function filled(element, attributes = {}, children = []) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A message that screen readers speak and that leaves by itself. */
export function announce(text) {
  const place = document.getElementById("announcement");
  place.textContent = "";
  clearTimeout(announce.timer);
  // A change of text is what is spoken, also of the same text again.
  requestAnimationFrame(() => {
    place.textContent = text;
    settle(place);
  });
  announce.timer = setTimeout(() => (place.textContent = ""), 6000);
}

const STEP = 16;
const PRESSED = "button, a, input, select, textarea, summary";
const READ = "h1, h2, h3, h4, label, .hint, .error, .note";

/**
 * Moves a message to the lowest place of the window, at the right or the left, where it covers nothing that can be pressed and
 * no title, label or note; where there is none, the latter give way.
 */
function settle(place) {
  const { width, height } = place.getBoundingClientRect();
  const right = document.documentElement.clientWidth - width - STEP;
  const free = (kept) => {
    const targets = [...document.querySelectorAll(kept)].map((one) => one.getBoundingClientRect()).filter((one) => one.width > 0);
    const isFree = (left, top) => !targets.some((one) => one.left < left + width && one.right > left && one.top < top + height && one.bottom > top);
    for (let bottom = STEP; bottom + height < innerHeight; bottom += STEP) {
      const left = [right, STEP].find((side) => isFree(side, innerHeight - bottom - height));
      if (left !== undefined) return { bottom, left };
    }
    return null;
  };
  const { bottom, left } = free(`${PRESSED}, ${READ}`) ?? free(PRESSED) ?? { bottom: STEP, left: right };
  Object.assign(place.style, { bottom: `${bottom}px`, left: `${left}px` });
}

/** What moves on the page while a message stands moves the message, too. */
function resettle() {
  const place = document.getElementById("announcement");
  if (place.textContent !== "") settle(place);
}
for (const event of ["scroll", "resize"]) addEventListener(event, resettle, { passive: true });
new MutationObserver(resettle).observe(document.getElementById("main"), { childList: true, subtree: true });

export const link = (page, text, attributes = {}) => h("a", { href: `/portal/ui/${page}`, ...attributes }, text);

export const note = (kind, ...children) => h("div", { class: `note ${kind}` }, ...children);

/** The name that an API has for a state, in words. */
export const words = (name) => name.replaceAll("_", " ");

export const mark = (kind, text) => h("span", { class: `mark ${kind}` }, text);

export function head(title, lead, ...actions) {
  const text = h("div", { class: "stack tight" }, h("h1", { tabindex: "-1" }, title), lead && h("p", { class: "lead" }, lead));
  return h("div", { class: "head" }, text, actions.length > 0 && h("div", { class: "row" }, ...actions));
}

/** What may be otherwise a moment later: no answer, or a fault of the service. */
export const isFault = ({ status }) => status === 0 || status >= 500;

/**
 * A part of a page that is built from answers. One that fails, for a caller may not do everything, says so and
 * leaves the others alone. `inside` says that it is a part of another.
 */
export async function part(title, build, { inside = false } = {}) {
  const section = h("section", { class: inside ? "stack" : "card stack", "aria-label": title }, h(inside ? "h3" : "h2", {}, title));
  const body = h("div", { class: "stack" });
  let turn = 0;
  const draw = async (...more) => {
    const mine = ++turn;
    let content;
    try {
      content = await build(draw, ...more);
    } catch (error) {
      const again = isFault(error) && h("div", {}, button("Try again", "quiet small", () => draw(...more)));
      content = [note([401, 403].includes(error.status) ? "warn" : "bad", error.message), again];
    }
    // Something else was asked for meanwhile.
    if (mine === turn) body.replaceChildren(...[content].flat().filter(Boolean));
  };
  await draw();
  section.append(body);
  return section;
}

/** What stands where a list has nothing in it: what the thing is for, and what to do. */
export const empty = (title, text, ...actions) =>
  h("div", { class: "card empty" }, h("h2", {}, title), h("p", {}, text), h("div", { class: "row" }, ...actions));

/**
 * A table; `rows` are lists of cells. Where the page is narrow each row is a card, whose cells say their titles. The roles
 * are given since what is not displayed as a table is none to some screen readers.
 */
export function table(label, titles, rows) {
  const row = (cells) => h("tr", { role: "row" }, cells.map((cell, at) => h("td", { role: "cell", "data-title": titles[at] }, h("div", {}, cell))));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Table: ${label}` },
    h("table", { role: "table", "aria-label": label },
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, titles.map((title) => h("th", { scope: "col", role: "columnheader" }, title)))),
      h("tbody", { role: "rowgroup" }, rows.map(row))));
}

/** A time of the API, in seconds, in the reader's own words. */
export function when(seconds) {
  const date = new Date(seconds * 1000);
  const text = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(date);
  return h("time", { datetime: date.toISOString() }, text);
}

/** Makes a button busy while its work is done; a second press meanwhile does nothing. */
export function action(button, work) {
  button.addEventListener("click", async () => {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    try {
      await work();
    } catch (error) {
      announce(error.message);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
  return button;
}

export const button = (text, kind, work) => action(h("button", { type: "button", class: kind }, text), work);

/** An element with a name of its own, where its text is the same as that of others. */
export function named(label, element) {
  element.setAttribute("aria-label", label);
  return element;
}

/** A value with a button that copies it. */
export function copyable(label, value) {
  const copy = button(`Copy ${label}`, "quiet small", async () => {
    await navigator.clipboard.writeText(value);
    announce(`Copied: ${label}.`);
  });
  return h("div", { class: "stack tight" }, h("div", { class: "row apart" }, h("strong", {}, label), copy), h("span", { class: "code" }, value));
}

/** Values of which the last is shown now and never again by these pages. */
export function shownOnce(title, values) {
  const secret = Object.keys(values).at(-1);
  const panel = h("section", { class: "card secret", "aria-label": title });
  const done = button("I have kept it", "", async () => panel.remove());
  panel.append(
    h("h2", {}, title),
    h("p", {}, `Please copy the ${secret} now and keep it somewhere safe: these pages do not show it again.`),
    ...Object.entries(values).map(([label, value]) => copyable(label, value)),
    h("div", {}, done),
  );
  return panel;
}

/** Asks before something that cannot be undone. `proof` is a text that has to be typed. */
export const confirmed = async (title, text, yes, proof) =>
  (await asked(title, text, yes, proof && { label: `Type ${proof} to confirm`, wrong: (value) => value !== proof && "That is not the same text." })) !== null;

/** Asks, for a text as well if there is a `field`, and gives it; null if it was cancelled. */
export function asked(title, text, yes, field) {
  return new Promise((resolve) => {
    const input = field && h("input", { id: "asked", autocomplete: "off", "aria-describedby": "asked-error" });
    const error = h("p", { class: "error", id: "asked-error", role: "alert" });
    const dialog = h("dialog", { "aria-labelledby": "dialog-title" });
    const form = h("form", { method: "dialog", novalidate: true },
      h("h2", { id: "dialog-title" }, title),
      h("p", {}, text),
      field && h("div", { class: "field" }, h("label", { for: "asked" }, field.label), input, error),
      h("div", { class: "row" }, h("button", { class: "danger", value: "yes" }, yes), h("button", { class: "quiet", value: "no" }, "Cancel")),
    );
    form.addEventListener("submit", (event) => {
      const wrong = event.submitter?.value === "yes" && field?.wrong(input.value.trim());
      if (!wrong) return;
      event.preventDefault();
      error.textContent = wrong;
      input.setAttribute("aria-invalid", "true");
      input.focus();
    });
    dialog.append(form);
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes" ? (input?.value.trim() ?? "") : null);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
