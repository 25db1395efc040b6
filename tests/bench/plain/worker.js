// What the Config API is compared with: the same operations over the same schema, as one would write them first in
// JavaScript with Hono. A statement is asked for when it is needed, a key at a time, and each audit row is an INSERT
// of its own. Not a part of the product.
import { Hono } from "hono";

const MASK = "\u2022".repeat(8);
const RANK = { none: 0, read: 1, write: 2, admin: 3 };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const app = new Hono().basePath("/plain/api/client/v1/config");

// --- Who asks -----------------------------------------------------------------------------------------

app.use("*", async (c, next) => {
  const db = counting(c.env.DB);
  const [scheme, token = ""] = (c.req.header("authorization") ?? "").split(" ");
  if (scheme.toLowerCase() !== "bearer") return c.json({ error: "Missing or invalid authorization header" }, 401);
  if (!/^cpeer_[0-9a-f]{64}$/i.test(token)) return c.json({ error: "Invalid API token" }, 401);
  const hash = hex(await crypto.subtle.digest("SHA-256", encoder.encode(token)));
  const found = await db
    .prepare("SELECT * FROM config_tokens WHERE token_hash = ? AND revoked_at IS NULL")
    .bind(hash)
    .first();
  if (!found) return c.json({ error: "Invalid API token" }, 401);
  if (found.expires_at !== null && found.expires_at <= Date.now()) return c.json({ error: "API token has expired" }, 401);
  if (!found.project_id) return c.json({ error: "Token project context is missing" }, 400);
  const needs = c.req.method === "GET" ? "read" : "admin";
  if (!found.owner_id || RANK[permissionOf(found)] < RANK[needs]) {
    return c.json({ error: `Forbidden: config requires ${needs} permission` }, 403);
  }
  c.set("db", db);
  c.set("who", {
    tenant: found.tenant_id,
    project: found.project_id,
    performer: found.owner_email ?? found.owner_id,
  });
  await next();
  c.header("cache-control", "no-store");
  c.header("x-content-type-options", "nosniff");
  c.header("x-frame-options", "DENY");
  c.header("statements", String(db.statements));
});

function permissionOf(token) {
  const granted = ["owner", "admin"].includes(token.role) ? "admin" : (token.user_grant ?? "none");
  const most = token.scope === null ? "admin" : (JSON.parse(token.scope).config ?? "none");
  return RANK[most] < RANK[granted] ? most : granted;
}

// --- Groups and items: as much as a measurement needs ---------------------------------------------------

app.post("/groups", async (c) => {
  const { db, who } = c.var;
  const { key, name } = await c.req.json();
  const [id, now] = [hex(crypto.getRandomValues(new Uint8Array(12))), Date.now()];
  await db
    .prepare(
      `INSERT INTO config_groups (id, tenant_id, project_id, key, name, name_folded, tags, metadata, created_by,
       updated_by, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, '[]', '{}', ?, ?, ?, ?)`,
    )
    .bind(id, who.tenant, who.project, key, name, name.toLowerCase(), who.performer, who.performer, now, now)
    .run();
  return c.json({ group: { _id: id, key, name } }, 201);
});

app.post("/groups/:groupKey/items", async (c) => {
  const { db, who } = c.var;
  const { key, name, value, valueType = "string", isSecret = false, tags = [], metadata = {} } = await c.req.json();
  const group = await db
    .prepare("SELECT id FROM config_groups WHERE tenant_id = ? AND project_id = ? AND key = ?")
    .bind(who.tenant, who.project, c.req.param("groupKey"))
    .first();
  if (!group) return c.json({ error: "Config group not found" }, 404);
  const [id, now] = [hex(crypto.getRandomValues(new Uint8Array(12))), Date.now()];
  await db
    .prepare(
      `INSERT INTO config_items (id, tenant_id, project_id, group_id, key, name, name_folded, sealed, value_type,
       is_secret, version, valued_by, valued_at, tags, metadata, created_by, updated_by, created_at, updated_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(
      ...[id, who.tenant, who.project, group.id, key, name, name.toLowerCase(), await seal(c.env, value), valueType],
      ...[isSecret ? 1 : 0, who.performer, now, JSON.stringify(tags), JSON.stringify(metadata)],
      ...[who.performer, who.performer, now, now],
    )
    .run();
  for (const tag of tags) {
    await db
      .prepare("INSERT INTO config_tags (tenant_id, project_id, tag, owner_id) VALUES (?, ?, ?, ?)")
      .bind(who.tenant, who.project, tag, id)
      .run();
  }
  await audit(db, who, key, "create", 1);
  const row = await itemOf(db, who, key);
  return c.json({ item: await shown(c.env, row) }, 201);
});

app.get("/items", async (c) => {
  const { db, who } = c.var;
  let text = "SELECT * FROM config_items WHERE tenant_id = ? AND project_id = ?";
  const values = [who.tenant, who.project];
  for (const tag of (c.req.query("tags") ?? "").split(",").filter(Boolean)) {
    text += " AND id IN (SELECT owner_id FROM config_tags WHERE tenant_id = ? AND project_id = ? AND tag = ?)";
    values.push(who.tenant, who.project, tag);
  }
  const search = c.req.query("search");
  if (search) {
    text += " AND (name_folded LIKE ? OR lower(key) LIKE ? OR description_folded LIKE ?)";
    values.push(...Array(3).fill(`%${search.toLowerCase()}%`));
  }
  const { results } = await db.prepare(`${text} ORDER BY key`).bind(...values).all();
  const items = [];
  for (const row of results) items.push(await shown(c.env, row));
  return c.json({ items });
});

app.get("/items/:key", async (c) => {
  const row = await itemOf(c.var.db, c.var.who, c.req.param("key"));
  return row ? c.json({ item: await shown(c.env, row) }) : c.json({ error: "Config item not found" }, 404);
});

app.patch("/items/:key", async (c) => {
  const { db, who } = c.var;
  const { value } = await c.req.json();
  const row = await itemOf(db, who, c.req.param("key"));
  if (!row) return c.json({ error: "Config item not found" }, 404);
  await db
    .prepare(
      `INSERT INTO config_item_versions (item_id, version, sealed, value_type, created_by, created_at)
       VALUES (?, ?, ?, ?, ?, ?)`,
    )
    .bind(row.id, row.version, new Uint8Array(row.sealed), row.value_type, row.valued_by, row.valued_at)
    .run();
  const now = Date.now();
  await db
    .prepare(
      `UPDATE config_items SET sealed = ?, version = version + 1, valued_by = ?, valued_at = ?, updated_by = ?,
       updated_at = ? WHERE id = ?`,
    )
    .bind(await seal(c.env, value), who.performer, now, who.performer, now, row.id)
    .run();
  await audit(db, who, row.key, "update", row.version + 1);
  return c.json({ item: await shown(c.env, await itemOf(db, who, row.key)) });
});

app.post("/resolve", async (c) => {
  const { db, who } = c.var;
  const { keys } = await c.req.json();
  if (!Array.isArray(keys) || keys.length === 0) return c.json({ error: "keys array is required" }, 400);
  if (keys.length > 50) return c.json({ error: "Maximum 50 keys per request" }, 400);
  const configs = {};
  for (const key of keys) {
    const row = await itemOf(db, who, key);
    if (!row) continue;
    if (row.is_secret) await audit(db, who, key, "read", row.version);
    configs[key] = { value: await open(c.env, row.sealed), valueType: row.value_type, version: row.version };
  }
  return c.json({ configs });
});

// --- Rows -----------------------------------------------------------------------------------------------

function itemOf(db, who, key) {
  return db
    .prepare("SELECT * FROM config_items WHERE tenant_id = ? AND project_id = ? AND key = ?")
    .bind(who.tenant, who.project, key)
    .first();
}

function audit(db, who, key, action, version) {
  return db
    .prepare(
      `INSERT INTO config_audit (tenant_id, project_id, config_key, action, version, performed_by, at)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
    )
    .bind(who.tenant, who.project, key, action, version, who.performer, Date.now())
    .run();
}

async function shown(env, row) {
  return {
    _id: row.id,
    tenantId: row.tenant_id,
    projectId: row.project_id,
    key: row.key,
    name: row.name,
    description: row.description ?? undefined,
    tags: JSON.parse(row.tags),
    metadata: JSON.parse(row.metadata),
    createdBy: row.created_by,
    updatedBy: row.updated_by,
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
    groupId: row.group_id,
    value: row.is_secret ? MASK : await open(env, row.sealed),
    valueType: row.value_type,
    isSecret: row.is_secret === 1,
    version: row.version,
  };
}

// --- Values: AES-256-GCM under one key, which WebCrypto imports once per instance -------------------------

let imported;

function keyOf(env) {
  const bytes = () => Uint8Array.from(atob(env.ROOT_KEY.split(":")[1]), (character) => character.charCodeAt(0));
  return (imported ??= crypto.subtle.importKey("raw", bytes(), "AES-GCM", false, ["encrypt", "decrypt"]));
}

async function seal(env, value) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(env), encoder.encode(value));
  return new Uint8Array([...iv, ...new Uint8Array(sealed)]);
}

async function open(env, sealed) {
  const bytes = new Uint8Array(sealed);
  const [iv, body] = [bytes.subarray(0, 12), bytes.subarray(12)];
  return decoder.decode(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, await keyOf(env), body));
}

function hex(bytes) {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The database, and how many statements were asked of it. */
function counting(database) {
  return { statements: 0, prepare(text) { this.statements++; return database.prepare(text); } };
}

export default app;
