-- The developer portal. Times are in milliseconds since the epoch, as everywhere.
-- A developer is deleted with all that belongs to it, by the foreign keys.
CREATE TABLE portal_developers (
  id TEXT PRIMARY KEY,
  consumer_id TEXT NOT NULL UNIQUE,
  email TEXT NOT NULL,
  email_folded TEXT NOT NULL UNIQUE,
  password TEXT NOT NULL,
  meta TEXT NOT NULL,
  status INTEGER NOT NULL,
  status_after INTEGER NOT NULL,
  roles TEXT NOT NULL DEFAULT '[]',
  failed_logins INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);
CREATE INDEX portal_developers_by_age ON portal_developers (created_at, id);

CREATE TABLE portal_applications (
  id TEXT PRIMARY KEY,
  developer_id TEXT NOT NULL REFERENCES portal_developers (id) ON DELETE CASCADE,
  consumer_id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  redirect_uri TEXT NOT NULL,
  description TEXT,
  custom_id TEXT UNIQUE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (developer_id, name)
);
CREATE INDEX portal_applications_by_age ON portal_applications (developer_id, created_at, id);

-- What a gateway knows of who holds a credential: a developer or an application.
CREATE TABLE portal_consumers (
  id TEXT PRIMARY KEY,
  developer_id TEXT UNIQUE REFERENCES portal_developers (id) ON DELETE CASCADE,
  application_id TEXT UNIQUE REFERENCES portal_applications (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
);

-- A session is found by the hash of its id; the cookie alone holds the id.
CREATE TABLE portal_sessions (
  id_hash TEXT PRIMARY KEY,
  developer_id TEXT NOT NULL REFERENCES portal_developers (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX portal_sessions_by_developer ON portal_sessions (developer_id);
CREATE INDEX portal_sessions_by_expiry ON portal_sessions (expires_at);

-- Tokens that are good once, for one purpose.
CREATE TABLE portal_tokens (
  id_hash TEXT PRIMARY KEY,
  developer_id TEXT NOT NULL REFERENCES portal_developers (id) ON DELETE CASCADE,
  purpose TEXT NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX portal_tokens_by_developer ON portal_tokens (developer_id, purpose);

-- The outbox. What a mail says is sealed, since it may hold a token.
CREATE TABLE portal_mail (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  developer_id TEXT REFERENCES portal_developers (id) ON DELETE CASCADE,
  recipient TEXT NOT NULL,
  kind TEXT NOT NULL,
  sealed BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  sent_at INTEGER,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt_at INTEGER,
  failure TEXT
);
CREATE INDEX portal_mail_by_developer ON portal_mail (developer_id);
CREATE INDEX portal_mail_due ON portal_mail (next_attempt_at) WHERE next_attempt_at IS NOT NULL;

-- readable_by is a JSON array of roles, or NULL when everybody may read the file.
CREATE TABLE portal_files (
  id TEXT PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  contents TEXT NOT NULL,
  checksum TEXT NOT NULL,
  readable_by TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE portal_key_auth (
  id TEXT PRIMARY KEY,
  consumer_id TEXT NOT NULL REFERENCES portal_consumers (id) ON DELETE CASCADE,
  key_hash TEXT NOT NULL UNIQUE,
  sealed_key BLOB NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX portal_key_auth_by_consumer ON portal_key_auth (consumer_id, created_at, id);

CREATE TABLE portal_jwt (
  id TEXT PRIMARY KEY,
  consumer_id TEXT NOT NULL REFERENCES portal_consumers (id) ON DELETE CASCADE,
  key TEXT NOT NULL UNIQUE,
  algorithm TEXT NOT NULL,
  sealed_secret BLOB NOT NULL,
  rsa_public_key TEXT,
  created_at INTEGER NOT NULL
);
CREATE INDEX portal_jwt_by_consumer ON portal_jwt (consumer_id, created_at, id);

-- A secret is found by its keyed hash; sealed it is only where it may be shown again.
CREATE TABLE portal_oauth2 (
  id TEXT PRIMARY KEY,
  consumer_id TEXT NOT NULL REFERENCES portal_consumers (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  client_id TEXT NOT NULL UNIQUE,
  secret_hash TEXT NOT NULL,
  sealed_secret BLOB,
  redirect_uris TEXT NOT NULL,
  created_at INTEGER NOT NULL
);
CREATE INDEX portal_oauth2_by_consumer ON portal_oauth2 (consumer_id, created_at, id);

-- Services that applications may ask for, with their registration settings.
CREATE TABLE portal_services (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  display_name TEXT NOT NULL,
  description TEXT,
  registrable INTEGER NOT NULL,
  show_issuer INTEGER NOT NULL,
  auto_approve INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE portal_application_instances (
  id TEXT PRIMARY KEY,
  application_id TEXT NOT NULL REFERENCES portal_applications (id) ON DELETE CASCADE,
  service_id TEXT NOT NULL REFERENCES portal_services (id) ON DELETE CASCADE,
  status INTEGER NOT NULL,
  suspended INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (application_id, service_id)
);
CREATE INDEX portal_application_instances_by_service ON portal_application_instances (service_id);
