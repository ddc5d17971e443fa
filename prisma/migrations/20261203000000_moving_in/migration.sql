-- A user keeps the name of the row it was imported from, so that no row is imported twice.
ALTER TABLE "users" ADD COLUMN "imported_row" BYTEA;
CREATE UNIQUE INDEX "users_imported_row_key" ON "users" ("imported_row");
