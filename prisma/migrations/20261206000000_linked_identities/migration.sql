-- Identities at other providers that sign a user in. An identity is an issuer and what it calls the user; never an e-mail.
CREATE TABLE "linked_identities" (
  "id"           UUID NOT NULL PRIMARY KEY,
  "user_id"      UUID NOT NULL REFERENCES "users" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
  "provider"     TEXT NOT NULL,
  "issuer"       TEXT NOT NULL,
  "subject"      TEXT NOT NULL,
  "created_at"   TIMESTAMPTZ(3) NOT NULL,
  "last_used_at" TIMESTAMPTZ(3)
);
CREATE UNIQUE INDEX "linked_identities_issuer_subject_key" ON "linked_identities" ("issuer", "subject");
CREATE INDEX "linked_identities_user_id_idx" ON "linked_identities" ("user_id");
