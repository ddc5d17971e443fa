-- The audit log becomes append-only and is chained by seals, and what has ended long ago can be found. See docs/audit.md.

-- Names this table as it was made: cluster, database, table. Ids of transactions are comparable only among rows that one such
-- table was given: rows that are restored from a dump keep the name of the table they were written to.
CREATE FUNCTION "audit_origin"() RETURNS BIGINT LANGUAGE sql STABLE AS $$
  SELECT ('x' || left(encode(sha256(convert_to(concat_ws('.', system_identifier,
           (SELECT oid FROM pg_database WHERE datname = current_database()),
           to_regclass('audit_events')::oid), 'UTF8')), 'hex'), 15))::bit(60)::bigint
    FROM pg_control_system()
$$;

-- JSON keeps its text as it was written; what is hashed must not depend on how a server prints it. Rows that are there get the
-- transaction of this migration and the origin 0, without being rewritten.
ALTER TABLE "audit_events"
  ADD COLUMN "detail" JSON CHECK (octet_length("detail"::text) <= 4096),
  ADD COLUMN "origin" BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN "xid"    XID8 NOT NULL DEFAULT pg_current_xact_id();
ALTER TABLE "audit_events" ALTER COLUMN "origin" SET DEFAULT audit_origin();

CREATE INDEX "audit_events_origin_xid_id_idx" ON "audit_events" ("origin", "xid", "id");
CREATE INDEX "audit_events_session_id_id_idx" ON "audit_events" ("session_id", "id") WHERE "session_id" IS NOT NULL;
-- Of the most frequent types, any page of the log has some.
CREATE INDEX "audit_events_type_id_idx" ON "audit_events" ("type", "id")
  WHERE "type" <> 'session_refreshed' AND "type" <> 'login_succeeded' AND "type" <> 'session_ended';

-- A seal covers the events of one origin after (from_xid, from_id), up to and with (to_xid, to_id).
CREATE TABLE "audit_seals" (
  "number"        BIGINT NOT NULL PRIMARY KEY CHECK ("number" > 0),
  "origin"        BIGINT NOT NULL,
  "from_xid"      XID8 NOT NULL,
  "from_id"       UUID NOT NULL,
  "to_xid"        XID8 NOT NULL,
  "to_id"         UUID NOT NULL,
  "events"        INTEGER NOT NULL CHECK ("events" > 0),
  "events_hash"   BYTEA NOT NULL CHECK (octet_length("events_hash") = 32),
  "previous_hash" BYTEA NOT NULL CHECK (octet_length("previous_hash") = 32),
  "hash"          BYTEA NOT NULL CHECK (octet_length("hash") = 32),
  "sealed_at"     TIMESTAMPTZ(3) NOT NULL
);
CREATE INDEX "audit_seals_origin_number_idx" ON "audit_seals" ("origin", "number");

-- Only the retention deletes events, in a transaction that says so; seals stay.
CREATE FUNCTION "audit_append_only"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'audit_events'
     AND current_setting('countersign.audit_retention', true) = 'on' THEN
    RETURN NULL;
  END IF;
  RAISE EXCEPTION 'the audit log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER "audit_events_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_events"
  FOR EACH STATEMENT EXECUTE FUNCTION "audit_append_only"();
CREATE TRIGGER "audit_seals_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "audit_seals"
  FOR EACH STATEMENT EXECUTE FUNCTION "audit_append_only"();
ALTER TABLE "audit_events" ENABLE ALWAYS TRIGGER "audit_events_append_only";
ALTER TABLE "audit_seals" ENABLE ALWAYS TRIGGER "audit_seals_append_only";

-- A user's sessions are listed without walking those that have ended. NULLS LAST, which means nothing for an id, is an order that
-- the primary key does not have: the planner would walk that one backwards instead, when one user has many of all sessions.
CREATE INDEX "sessions_user_id_id_live_idx" ON "sessions" ("user_id", "id" DESC NULLS LAST) WHERE "ended_at" IS NULL;
-- The day on which a session ended or expired. A whole day, so that a refresh seldom changes what is indexed: PostgreSQL then
-- writes no index at all (HOT).
ALTER TABLE "sessions" ADD COLUMN "finished_on" DATE
  GENERATED ALWAYS AS ((LEAST("ended_at", "idle_expires_at", "expires_at") AT TIME ZONE 'UTC')::date) STORED;
CREATE INDEX "sessions_finished_on_idx" ON "sessions" ("finished_on");
