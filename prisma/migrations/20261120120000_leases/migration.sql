-- Which deployment this is: in the names of its Redis keys, so that two never mix.
CREATE TABLE "deployment" (
  "id"   UUID NOT NULL PRIMARY KEY DEFAULT gen_random_uuid(),
  "only" BOOLEAN NOT NULL DEFAULT true UNIQUE CHECK ("only")
);
INSERT INTO "deployment" DEFAULT VALUES;

-- Who may be answering from memory.
CREATE TABLE "nodes" (
  "id"          UUID NOT NULL PRIMARY KEY,
  "renewal"     BIGINT NOT NULL,
  "lease_ms"    INTEGER NOT NULL CHECK ("lease_ms" > 0),
  "lease_until" TIMESTAMPTZ(3) NOT NULL,
  "history"     TEXT,
  "snapshot"    PG_SNAPSHOT
);

-- "What became visible since" reads the newest transactions only.
CREATE INDEX "revocations_xid_idx" ON "revocations" ("xid");
