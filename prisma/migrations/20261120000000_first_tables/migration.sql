CREATE TABLE "users" (
  "id"                  UUID NOT NULL PRIMARY KEY,
  "email"               TEXT NOT NULL,
  "password_hash"       TEXT NOT NULL,
  "token_version"       INTEGER NOT NULL DEFAULT 0,
  "disabled_at"         TIMESTAMPTZ(3),
  "created_at"          TIMESTAMPTZ(3) NOT NULL,
  "password_changed_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE UNIQUE INDEX "users_email_key" ON "users" ("email");

CREATE TABLE "sessions" (
  "id"                UUID NOT NULL PRIMARY KEY,
  "user_id"           UUID NOT NULL REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  "sealed_secret"     BYTEA NOT NULL,
  "generation"        BIGINT NOT NULL DEFAULT 0,
  "rotated_at"        TIMESTAMPTZ(3),
  "grace_repeats"     INTEGER NOT NULL DEFAULT 0,
  "token_version"     INTEGER NOT NULL,
  "client_id"         TEXT NOT NULL,
  "scope"             TEXT NOT NULL,
  "amr"               TEXT[],
  "auth_time"         TIMESTAMPTZ(3) NOT NULL,
  "device_name"       TEXT,
  "user_agent"        TEXT,
  "ip"                TEXT,
  "created_at"        TIMESTAMPTZ(3) NOT NULL,
  "last_used_at"      TIMESTAMPTZ(3) NOT NULL,
  "idle_expires_at"   TIMESTAMPTZ(3) NOT NULL,
  "expires_at"        TIMESTAMPTZ(3) NOT NULL,
  "access_expires_at" TIMESTAMPTZ(3) NOT NULL,
  "ended_at"          TIMESTAMPTZ(3),
  "end_reason"        TEXT
);
CREATE INDEX "sessions_user_id_id_idx" ON "sessions" ("user_id", "id" DESC);

CREATE TABLE "revocations" (
  "subject"    BYTEA NOT NULL PRIMARY KEY CHECK (octet_length("subject") IN (16, 27)),
  "reason"     TEXT NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL,
  "xid"        XID8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX "revocations_expires_at_idx" ON "revocations" ("expires_at");

CREATE TABLE "signing_keys" (
  "kid"                TEXT NOT NULL PRIMARY KEY,
  "state"              TEXT NOT NULL CHECK ("state" IN ('next', 'active', 'retiring', 'retired', 'revoked')),
  "public_jwk"         JSONB NOT NULL,
  "sealed_private_key" BYTEA NOT NULL,
  "created_at"         TIMESTAMPTZ(3) NOT NULL,
  "activated_at"       TIMESTAMPTZ(3),
  "retiring_at"        TIMESTAMPTZ(3),
  "retired_at"         TIMESTAMPTZ(3),
  "revoked_at"         TIMESTAMPTZ(3)
);
-- However many nodes decide to make a key, one wins: there is at most one key to come and one that signs.
CREATE UNIQUE INDEX "signing_keys_one_next" ON "signing_keys" ("state") WHERE "state" = 'next';
CREATE UNIQUE INDEX "signing_keys_one_active" ON "signing_keys" ("state") WHERE "state" = 'active';

CREATE TABLE "services" (
  "id"          UUID NOT NULL PRIMARY KEY,
  "name"        TEXT NOT NULL,
  "token_hash"  BYTEA NOT NULL,
  "permissions" TEXT[],
  "created_at"  TIMESTAMPTZ(3) NOT NULL,
  "revoked_at"  TIMESTAMPTZ(3)
);
CREATE UNIQUE INDEX "services_name_key" ON "services" ("name");
CREATE UNIQUE INDEX "services_token_hash_key" ON "services" ("token_hash");

CREATE TABLE "audit_events" (
  "id"          UUID NOT NULL PRIMARY KEY,
  "occurred_at" TIMESTAMPTZ(3) NOT NULL,
  "type"        TEXT NOT NULL,
  "actor"       TEXT NOT NULL,
  "user_id"     UUID,
  "session_id"  UUID,
  "reason"      TEXT,
  "request_id"  TEXT,
  "ip"          TEXT
);
CREATE INDEX "audit_events_user_id_id_idx" ON "audit_events" ("user_id", "id");
