-- What a key has promised is kept with it, so that changed settings strand nothing. Keys that were made before may have
-- promised the most that settings allow: 24 hours each.
ALTER TABLE "signing_keys"
  ADD COLUMN "published_at"      TIMESTAMPTZ(3),
  ADD COLUMN "token_lifetime_ms" INTEGER NOT NULL DEFAULT 86400000 CHECK ("token_lifetime_ms" > 0),
  ADD COLUMN "cache_ms"          INTEGER NOT NULL DEFAULT 86400000 CHECK ("cache_ms" > 0);
ALTER TABLE "signing_keys" ALTER COLUMN "token_lifetime_ms" DROP DEFAULT, ALTER COLUMN "cache_ms" DROP DEFAULT;

-- Keys with which tokens of the session were signed that may be live; empty when that was not noted.
ALTER TABLE "sessions" ADD COLUMN "signing_kids" TEXT[] NOT NULL DEFAULT '{}';
UPDATE "sessions"
   SET "signing_kids" = ARRAY(SELECT "kid" FROM "signing_keys" WHERE "state" = 'active')
 WHERE "access_expires_at" > now() - interval '10 seconds';
