-- Wrong passwords in a row, by account and by where they came from. Both are keyed hashes: the table is no list of users,
-- and has rows for accounts that nobody has.
CREATE TABLE "password_failures" (
  "account"  BYTEA NOT NULL CHECK (octet_length("account") = 32),
  "source"   BYTEA NOT NULL CHECK (octet_length("source") = 32),
  "failures" INTEGER NOT NULL CHECK ("failures" >= 0),
  "retry_at" TIMESTAMPTZ(3) NOT NULL,
  "used_at"  TIMESTAMPTZ(3) NOT NULL,
  "known_at" TIMESTAMPTZ(3),
  PRIMARY KEY ("account", "source")
);
CREATE INDEX "password_failures_used_at_idx" ON "password_failures" ("used_at");
