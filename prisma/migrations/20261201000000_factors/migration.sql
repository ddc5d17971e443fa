-- What opened a session, and how strongly its user was authenticated.
ALTER TABLE "sessions" ADD COLUMN "acr" TEXT NOT NULL DEFAULT '1fa';
ALTER TABLE "sessions" ADD COLUMN "opened_by" UUID[] NOT NULL DEFAULT '{}';

ALTER TABLE "users" ADD COLUMN "email_verified_at" TIMESTAMPTZ(3);
ALTER TABLE "users" ADD COLUMN "locale" TEXT;
ALTER TABLE "users" ADD COLUMN "phone" TEXT;
ALTER TABLE "users" ADD COLUMN "phone_verified_at" TIMESTAMPTZ(3);
ALTER TABLE "users" ADD COLUMN "phone_id" UUID;
ALTER TABLE "users" ADD COLUMN "factors_reset_at" TIMESTAMPTZ(3);
ALTER TABLE "users" ADD COLUMN "one_time_password_until" TIMESTAMPTZ(3);
CREATE UNIQUE INDEX "users_phone_key" ON "users" ("phone");
CREATE INDEX "users_factors_reset_at_idx" ON "users" ("factors_reset_at");

CREATE TABLE "totp_factors" (
  "id"            UUID NOT NULL PRIMARY KEY,
  "user_id"       UUID NOT NULL REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  "name"          TEXT NOT NULL,
  "sealed_secret" BYTEA NOT NULL,
  "last_step"     BIGINT NOT NULL DEFAULT 0,
  "created_at"    TIMESTAMPTZ(3) NOT NULL,
  "confirmed_at"  TIMESTAMPTZ(3),
  "last_used_at"  TIMESTAMPTZ(3)
);
CREATE INDEX "totp_factors_user_id_idx" ON "totp_factors" ("user_id");

CREATE TABLE "passkeys" (
  "id"            UUID NOT NULL PRIMARY KEY,
  "user_id"       UUID NOT NULL REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  "name"          TEXT NOT NULL,
  "rp_id"         TEXT NOT NULL,
  "credential_id" BYTEA NOT NULL,
  "public_key"    BYTEA NOT NULL,
  "counter"       BIGINT NOT NULL,
  "transports"    TEXT[] NOT NULL DEFAULT '{}',
  "aaguid"        TEXT NOT NULL,
  "device_type"   TEXT NOT NULL,
  "backed_up"     BOOLEAN NOT NULL,
  "created_at"    TIMESTAMPTZ(3) NOT NULL,
  "last_used_at"  TIMESTAMPTZ(3)
);
CREATE UNIQUE INDEX "passkeys_credential_id_key" ON "passkeys" ("credential_id");
CREATE INDEX "passkeys_user_id_idx" ON "passkeys" ("user_id");

CREATE TABLE "recovery_codes" (
  "user_id"    UUID NOT NULL REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  "code_hash"  BYTEA NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "used_at"    TIMESTAMPTZ(3),
  PRIMARY KEY ("user_id", "code_hash")
);

-- Logins and links that are under way: each is answered once.
CREATE TABLE "one_time_tokens" (
  "token_hash" BYTEA NOT NULL PRIMARY KEY,
  "purpose"    TEXT NOT NULL,
  "user_id"    UUID REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  "code_hash"  BYTEA,
  "tries"      INTEGER NOT NULL DEFAULT 0,
  "detail"     JSON NOT NULL,
  "created_at" TIMESTAMPTZ(3) NOT NULL,
  "expires_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "one_time_tokens_user_id_purpose_idx" ON "one_time_tokens" ("user_id", "purpose");
CREATE INDEX "one_time_tokens_expires_at_idx" ON "one_time_tokens" ("expires_at");

-- Mails and messages for phones that wait in the outbox.
CREATE TABLE "outbox" (
  "id"             UUID NOT NULL PRIMARY KEY,
  "channel"        TEXT NOT NULL,
  "template"       TEXT NOT NULL,
  "user_id"        UUID REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  "sealed_message" BYTEA NOT NULL,
  "created_at"     TIMESTAMPTZ(3) NOT NULL,
  "due_at"         TIMESTAMPTZ(3) NOT NULL,
  "attempts"       INTEGER NOT NULL DEFAULT 0,
  "last_fault"     TEXT
);
CREATE INDEX "outbox_due_at_idx" ON "outbox" ("due_at");
CREATE INDEX "outbox_user_id_idx" ON "outbox" ("user_id");
