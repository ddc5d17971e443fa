-- The sessions of one client, in the order in which they are listed and revoked. A refresh writes neither column (docs/adr/0025).
CREATE INDEX "sessions_client_id_id_idx" ON "sessions" ("client_id", "id");

-- Until when somebody sends a message, and when it was given up; given-up ones are kept for a while, without their content.
ALTER TABLE "outbox" ADD COLUMN "claimed_until" TIMESTAMPTZ(3), ADD COLUMN "given_up_at" TIMESTAMPTZ(3);

-- What a node says of itself with each renewal, for operators.
ALTER TABLE "nodes" ADD COLUMN "report" TEXT;
