-- Counts of strangers are forgotten after as many days as they have failures, 90 at most; those that lock an account, never.
-- Anybody can make either for e-mails that nobody has: what is due is found without walking what stays.
CREATE INDEX "password_failures_strangers_idx" ON "password_failures"
  ((("used_at" AT TIME ZONE 'UTC') + LEAST("failures", 90) * interval '1 day'))
  WHERE "known_at" IS NULL AND "failures" < 100;
CREATE INDEX "password_failures_known_idx" ON "password_failures" ("known_at")
  WHERE "known_at" IS NOT NULL AND "failures" < 100;

-- Older nodes do without: they find less to delete, in the same way, and walk the table for it once a minute.
DROP INDEX "password_failures_used_at_idx";
DROP INDEX "password_failures_few_idx";
