-- Where and with what a session is used, and what has changed about that.
ALTER TABLE "sessions"
  ADD COLUMN "device_id"          TEXT,
  ADD COLUMN "other_ip"           TEXT,
  ADD COLUMN "other_ip_at"        TIMESTAMPTZ(3),
  ADD COLUMN "quick_refreshes"    INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "context_signals"    TEXT[] NOT NULL DEFAULT '{}',
  ADD COLUMN "context_score"      INTEGER NOT NULL DEFAULT 0,
  ADD COLUMN "context_changed_at" TIMESTAMPTZ(3);

-- Nobody logs in as a user that was deleted; the row stays for what refers to it, without anything personal.
ALTER TABLE "users" ADD COLUMN "deleted_at" TIMESTAMPTZ(3);
