-- The sessions of one client, in the order in which they are listed and revoked. A refresh writes neither column (docs/adr/0025).
CREATE INDEX "sessions_client_id_id_idx" ON "sessions" ("client_id", "id");
