-- How often rights were taken away from the session; part of the jti of its tokens.
ALTER TABLE "sessions" ADD COLUMN "rights_epoch" INTEGER NOT NULL DEFAULT 0;

-- What tokens are for: an audience, the scopes that mean something there, and how long its tokens live.
CREATE TABLE "resources" (
  "audience"      TEXT NOT NULL PRIMARY KEY,
  "scopes"        TEXT[] NOT NULL DEFAULT '{}',
  "everyone"      TEXT[] NOT NULL DEFAULT '{}',
  "access_ttl_ms" INTEGER,
  "created_at"    TIMESTAMPTZ(3) NOT NULL
);

CREATE TABLE "roles" (
  "name"        TEXT NOT NULL PRIMARY KEY,
  "created_at"  TIMESTAMPTZ(3) NOT NULL
);

-- What a role is worth at an audience.
CREATE TABLE "role_scopes" (
  "role"     TEXT NOT NULL REFERENCES "roles" ("name") ON DELETE CASCADE ON UPDATE CASCADE,
  "audience" TEXT NOT NULL REFERENCES "resources" ("audience") ON DELETE CASCADE ON UPDATE CASCADE,
  "scopes"   TEXT[] NOT NULL DEFAULT '{}',
  -- Only tokens of sessions that a second factor proved carry it.
  "second_factor" BOOLEAN NOT NULL DEFAULT false,
  PRIMARY KEY ("role", "audience")
);
CREATE INDEX "role_scopes_audience_idx" ON "role_scopes" ("audience");

-- The subject is a user's id or a client's: what is `sub` in tokens.
CREATE TABLE "role_grants" (
  "role"       TEXT NOT NULL REFERENCES "roles" ("name") ON DELETE CASCADE ON UPDATE CASCADE,
  "subject"    TEXT NOT NULL,
  "granted_at" TIMESTAMPTZ(3) NOT NULL,
  "granted_by" TEXT NOT NULL,
  "expires_at" TIMESTAMPTZ(3),
  PRIMARY KEY ("role", "subject")
);
CREATE INDEX "role_grants_subject_idx" ON "role_grants" ("subject");

-- Rights that were taken away, until no service honours them any more; see src/rights/takeAway.ts.
CREATE TABLE "rights_changes" (
  "number"     BIGSERIAL NOT NULL PRIMARY KEY,
  "kind"       TEXT NOT NULL,
  "target"     TEXT NOT NULL,
  "after"      TEXT,
  "noted_at"   TIMESTAMPTZ(3) NOT NULL
);
