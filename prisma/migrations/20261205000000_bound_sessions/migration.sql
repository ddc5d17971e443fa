-- The key that the client of a session proves (RFC 9449), and the first generation of the refresh token that its holder was given.
ALTER TABLE "sessions" ADD COLUMN "jkt" TEXT;
ALTER TABLE "sessions" ADD COLUMN "jkt_since" BIGINT;
