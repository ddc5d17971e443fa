-- An application's session that was started from a browser's: it ends with it.
ALTER TABLE "sessions" ADD COLUMN "started_from" UUID;
ALTER TABLE "sessions" ADD COLUMN "has_started" BOOLEAN NOT NULL DEFAULT false;
CREATE INDEX "sessions_started_from_idx" ON "sessions" ("started_from") WHERE "started_from" IS NOT NULL;

ALTER TABLE "services" ADD COLUMN "post_logout_redirect_uris" TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE "services" ADD COLUMN "backchannel_logout_uri" TEXT;
-- For a client that gets a name of its own for each user.
ALTER TABLE "services" ADD COLUMN "subject_salt" BYTEA;

-- What a user allowed an application of somebody else.
CREATE TABLE "consents" (
  "user_id"    UUID NOT NULL REFERENCES "users" ("id") ON DELETE CASCADE,
  "client_id"  UUID NOT NULL REFERENCES "services" ("id") ON DELETE CASCADE,
  "scopes"     TEXT[] NOT NULL,
  "granted_at" TIMESTAMPTZ(3) NOT NULL,
  PRIMARY KEY ("user_id", "client_id")
);
