-- Counts that slow nobody down yet are forgotten soon, and there may be many: they are found without walking those that stay.
CREATE INDEX "password_failures_few_idx" ON "password_failures" ("used_at") WHERE "known_at" IS NULL AND "failures" < 5;
