// A form whose errors stand beside their fields. What is sent where is for the page.
import { ApiError } from "./api.js";
import { action, h } from "./dom.js";

/**
 * fields: { name, label, type?, hint?, required?, value?, options?, autocomplete?, inputmode?, check?, exact? }
 * An `exact` one keeps the blanks at its ends.
 * `compact` puts the fields beside each other where there is room, as those of a filter.
 * `required` may be asked of the values. `check` gives the text of what is wrong, or nothing. `send` gets the values by name.
 */
export function form({ fields, submit, kind = "", compact = false, send }) {
  const inputs = new Map();
  const trouble = h("div", { class: "note bad", role: "alert", tabindex: "-1", hidden: true });
  const button = h("button", { class: kind }, submit);
  const element = h("form", { novalidate: true, class: compact && "compact" }, trouble, fields.map((field) => row(field, inputs)), h("div", {}, button));

  const showErrors = (errors, message) => {
    let first = null;
    for (const [name, { input, error }] of inputs) {
      const text = errors[name];
      error.textContent = text ?? "";
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
      if (text) first ??= input;
    }
    const elsewhere = Object.entries(errors).filter(([name]) => !inputs.has(name)).map(([name, text]) => `${name}: ${text}`);
    const text = [message, ...elsewhere].filter(Boolean).join(" ");
    trouble.hidden = !text;
    trouble.textContent = text;
    (first ?? (text && trouble))?.focus?.();
  };

  element.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    const values = Object.fromEntries([...inputs].map(([name, one]) => [name, read(one)]));
    const errors = {};
    for (const field of fields) {
      const value = values[field.name];
      const isNeeded = typeof field.required === "function" ? field.required(values) : field.required !== false;
      const wrong = isNeeded && value === "" ? `Please enter ${article(field.label)}.` : value !== "" && field.check?.(value, values);
      if (wrong) errors[field.name] = wrong;
    }
    showErrors(errors);
    if (Object.keys(errors).length > 0) return;
    button.setAttribute("aria-disabled", "true");
    try {
      await send(values, element);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      showErrors(error.fields, Object.keys(error.fields).length > 0 ? "" : error.message);
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
  element.input = (name) => inputs.get(name).input;
  return element;
}

// A password that is being shown is of type `text`, and keeps its blanks all the same.
function read({ input, type, exact }) {
  if (type === "file") return input.files[0] ?? "";
  return type === "password" || exact ? input.value : input.value.trim();
}

const article = (label) => `your ${label.toLowerCase()}`.replace("your the ", "the ").replace("your your ", "your ");

function row(field, inputs) {
  const id = `f-${field.name}-${inputs.size}`;
  const about = [`${id}-error`, field.hint && `${id}-hint`].filter(Boolean).join(" ");
  const shared = { id, name: field.name, "aria-describedby": about, "aria-required": field.required !== false ? "true" : null };
  const input = field.options
    ? h("select", shared, field.options.map(([value, text]) => h("option", { value }, text)))
    : field.type === "textarea"
      ? h("textarea", { ...shared, spellcheck: "false" })
      : h("input", { ...shared, type: field.type ?? "text", autocomplete: field.autocomplete ?? "off", inputmode: field.inputmode, autocapitalize: "none", spellcheck: "false" });
  if (field.value !== undefined) input.value = field.value;
  const error = h("p", { class: "error", id: `${id}-error` });
  inputs.set(field.name, { input, error, type: field.type, exact: field.exact });
  return h("div", { class: "field" },
    h("label", { for: id }, field.label, field.required === false && h("span", { class: "muted" }, " (optional)")),
    field.hint && h("p", { class: "hint", id: `${id}-hint` }, field.hint),
    withButton(field, input),
    error,
  );
}

/** A password can be looked at; a value that may be anything random can be drawn. */
function withButton(field, input) {
  if (field.type === "password") {
    const show = h("button", { type: "button", class: "quiet", "aria-pressed": "false", "aria-label": `Show ${field.label.toLowerCase()}` }, "Show");
    show.addEventListener("click", () => {
      const hidden = input.type === "password";
      input.type = hidden ? "text" : "password";
      show.setAttribute("aria-pressed", String(hidden));
      show.textContent = hidden ? "Hide" : "Show";
    });
    return h("div", { class: "with-button" }, input, show);
  }
  if (field.draw) {
    const draw = h("button", { type: "button", class: "quiet" }, "Generate");
    action(draw, async () => {
      input.value = field.draw();
      input.focus();
    });
    return h("div", { class: "with-button" }, input, draw);
  }
  return input;
}

export const mailAddress = (value) => (/^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value) ? null : "Please enter an address such as name@example.com.");

/** An address of the web, or of an app: the scheme of an app has a dot, as that of nothing that runs in a browser has. */
export const redirectAddress = (value) =>
  URL.canParse(value) && /^(https?:\/\/|[a-z][a-z0-9+-]*\.[a-z0-9.+-]*:)[^#]*$/i.test(value) ? null : "Please enter a whole address such as https://app.example.com/callback or com.example.app://callback.";
