-- The audience that was authorized: an application's session gets tokens for no other (RFC 8707).
ALTER TABLE "sessions" ADD COLUMN "audience" TEXT;

-- What a user allowed is for one audience. Earlier rows do not say for which: users are asked again.
DELETE FROM "consents";
ALTER TABLE "consents" ADD COLUMN "audience" TEXT NOT NULL;
ALTER TABLE "consents" DROP CONSTRAINT "consents_pkey", ADD PRIMARY KEY ("user_id", "client_id", "audience");
