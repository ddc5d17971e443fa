-- Requests that their callers named, so that repeating one changes nothing more. Rows live for 24 hours.
CREATE TABLE "requests" (
  "caller"         TEXT NOT NULL,
  "id"             TEXT NOT NULL,
  "target_hash"    BYTEA NOT NULL CHECK (octet_length("target_hash") = 32),
  "opened_at"      TIMESTAMPTZ(3) NOT NULL,
  "ended_sessions" INTEGER NOT NULL DEFAULT 0,
  "finished"       BOOLEAN NOT NULL DEFAULT false,
  PRIMARY KEY ("caller", "id")
);
CREATE INDEX "requests_opened_at_idx" ON "requests" ("opened_at");

-- Whom a client certificate names: the URI, or DNS name, in its subjectAltName. Not of a service that was revoked, so
-- that the next one can have it.
ALTER TABLE "services" ADD COLUMN "certificate_name" TEXT;
CREATE UNIQUE INDEX "services_certificate_name_key" ON "services" ("certificate_name") WHERE "revoked_at" IS NULL;
