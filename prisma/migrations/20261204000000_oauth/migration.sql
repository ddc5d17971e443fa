-- A client's own session has no user. A client has one at a time.
ALTER TABLE "sessions" ALTER COLUMN "user_id" DROP NOT NULL;
CREATE UNIQUE INDEX "sessions_client_key" ON "sessions" ("client_id") WHERE "user_id" IS NULL AND "ended_at" IS NULL;

-- A token of it was exchanged: then revoking a token of it also refuses what came of that.
ALTER TABLE "sessions" ADD COLUMN "exchanged" BOOLEAN NOT NULL DEFAULT false;

-- A service that calls the gRPC interface is an OAuth client; other kinds are applications.
ALTER TABLE "services" ADD COLUMN "kind" TEXT NOT NULL DEFAULT 'service';
ALTER TABLE "services" ADD COLUMN "disabled_at" TIMESTAMPTZ(3);
ALTER TABLE "services" ADD COLUMN "audiences" TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE "services" ADD COLUMN "scopes" TEXT[] NOT NULL DEFAULT '{}';
ALTER TABLE "services" ADD COLUMN "jwks" JSON;
ALTER TABLE "services" ADD COLUMN "redirect_uris" TEXT[] NOT NULL DEFAULT '{}';

-- Ids that were accepted once, as long as they would be accepted again.
CREATE TABLE "used_ids" (
  "hash"       BYTEA NOT NULL PRIMARY KEY,
  "expires_at" TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "used_ids_expires_at_idx" ON "used_ids" ("expires_at");
