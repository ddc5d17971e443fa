-- What operators decided about a database that had been put back: it is the truth, as it was then. Nodes that have seen more
-- before go on with it when they find a decision that they do not know.
CREATE TABLE "restorations" (
  "number"     BIGINT NOT NULL PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  "id"         UUID NOT NULL UNIQUE,
  "decided_at" TIMESTAMPTZ(3) NOT NULL
);
