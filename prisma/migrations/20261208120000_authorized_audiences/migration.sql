-- The audience that was authorized: an application's session gets tokens for no other (RFC 8707).
ALTER TABLE "sessions" ADD COLUMN "audience" TEXT;
