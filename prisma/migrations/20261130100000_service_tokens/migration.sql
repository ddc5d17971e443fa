-- A service has up to two tokens at a time, so that one can be changed while the other is in use; each may expire.
CREATE TABLE "service_tokens" (
  "number"       BIGINT NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  "service_id"   UUID NOT NULL REFERENCES "services" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  "token_hash"   BYTEA NOT NULL,
  "created_at"   TIMESTAMPTZ(3) NOT NULL,
  "created_by"   TEXT NOT NULL,
  "expires_at"   TIMESTAMPTZ(3),
  "last_used_at" TIMESTAMPTZ(3)
);
CREATE UNIQUE INDEX "service_tokens_token_hash_key" ON "service_tokens" ("token_hash");
CREATE INDEX "service_tokens_service_id_idx" ON "service_tokens" ("service_id");

INSERT INTO "service_tokens" ("service_id", "token_hash", "created_at", "created_by")
SELECT "id", "token_hash", "created_at", 'operator' FROM "services";
ALTER TABLE "services" DROP COLUMN "token_hash";
