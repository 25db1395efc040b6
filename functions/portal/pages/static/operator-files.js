// The files of the portal's pages: who may read each, and putting, changing and deleting them. Their contents are text.
import { ApiError } from "./api.js";
import { announce, button, confirmed, h, named, note, table, when } from "./dom.js";
import { form } from "./form.js";
import { opened } from "./operator-opened.js";
import { pager } from "./operator-pager.js";
import { call } from "./sign.js";

const SIZE = 25;
const PATH = "/caas/portal/files";
const at = (path) => `${PATH}/${path.split("/").map(encodeURIComponent).join("/")}`;

/** Those who may read a file, as its front matter says. */
const readers = (roles) => (roles === null ? "everybody" : roles.includes("*") ? "approved developers" : `developers with the role ${roles.join(" or ")}`);

export async function files(draw, offsets = []) {
  const query = new URLSearchParams({ size: String(SIZE), ...(offsets.length > 0 ? { offset: offsets.at(-1) } : {}) });
  const { data, total, offset } = await call("GET", `${PATH}?${query}`);
  const place = opened();
  const again = () => draw(offsets);
  const rows = data.map(({ path, type, readable_by, updated_at }) => [
    [h("strong", { class: "wrap" }, path), h("p", { class: "muted" }, type)],
    h("span", { class: "wrap" }, readers(readable_by)),
    when(updated_at),
    h("div", { class: "row" },
      named(`Open ${path}`, button("Open", "quiet small", () => place.open(() => contents(path, again)))),
      named(`Delete ${path}`, button("Delete", "danger small", async () => {
        if (!(await confirmed(`Delete ${path}?`, "It is gone for whoever reads the portal. This cannot be undone.", "Delete"))) return;
        await call("DELETE", at(path));
        await draw(data.length === 1 ? offsets.slice(0, -1) : offsets);
        announce(`${path} is deleted.`);
      }))),
  ]);
  return [
    total === 0
      ? h("p", { class: "muted" }, "There is no file yet.")
      : [table("Files", ["File", "Read by", "Changed", "Action"], rows), pager({ offsets, size: SIZE, shown: data.length, total, next: offset }, draw)],
    place.element,
    h("details", {}, h("summary", {}, "New file"), newFile(again)),
  ].flat();
}

async function contents(path, again) {
  const file = await call("GET", at(path));
  const title = h("h4", { tabindex: "-1", class: "wrap" }, path);
  // A field makes every line end the same.
  if (file.contents.includes("\r")) return [title, note("warn", "This file has line ends that a browser would change. Please change it elsewhere, and put it again."), h("pre", { class: "wrap" }, file.contents)];
  return [
    title,
    form({
      fields: [{ name: "contents", label: "Contents", type: "textarea", value: file.contents, required: false, exact: true }],
      submit: "Save the file",
      send: async (values) => {
        await call("PUT", at(path), values);
        await again();
        announce(`${path} is saved.`);
      },
    }),
  ];
}

const newFile = (again) => form({
  fields: [
    { name: "path", label: "Path", hint: "Such as content/guides/start.md. A file that is there is replaced, after a question." },
    { name: "file", label: "File", type: "file", hint: "A text. readable_by in its front matter says who may read it; without it everybody may." },
  ],
  submit: "Put the file",
  send: async ({ path, file }) => {
    const text = await decoded(file);
    const isThere = await call("GET", at(path)).then(() => true, (error) => {
      if (error.status !== 404) throw error;
      return false;
    });
    if (isThere && !(await confirmed(`Replace ${path}?`, "What stands there now is lost.", "Replace"))) return;
    await call("PUT", at(path), { contents: text });
    await again();
    announce(`${path} is put.`);
  },
});

async function decoded(file) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
  } catch {
    throw new ApiError(400, { fields: { file: "This is not a text in UTF-8." } });
  }
}
