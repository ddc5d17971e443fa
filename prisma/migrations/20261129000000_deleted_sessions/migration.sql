-- A session whose row is deleted while an access token of it may live is revoked: whoever deletes rows by hand means that, and a row
-- that is gone can be ended by nothing else. As long as the application revokes: the margin is limits.revocationMarginSeconds.
-- Which tokens may live is asked generously: the clock of the database may be hours ahead of that of the nodes.
-- The tables may be in any schema, and whoever deletes may look in others: the one of the trigger's table is named.
CREATE FUNCTION "revoke_deleted_session"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format(
    'INSERT INTO %1$I.revocations (subject, reason, created_at, expires_at)
     VALUES (uuid_send($1), ''session_deleted'', clock_timestamp(), $2 + interval ''70 seconds'')
         ON CONFLICT (subject) DO UPDATE
        SET expires_at = GREATEST(revocations.expires_at, EXCLUDED.expires_at), xid = pg_current_xact_id()',
    TG_TABLE_SCHEMA) USING OLD.id, OLD.access_expires_at;
  RETURN OLD;
END
$$;

CREATE FUNCTION "revoke_truncated_sessions"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format(
    'INSERT INTO %1$I.revocations (subject, reason, created_at, expires_at)
     SELECT uuid_send(s.id), ''session_deleted'', clock_timestamp(), s.access_expires_at + interval ''70 seconds''
       FROM %1$I.sessions AS s WHERE s.access_expires_at > clock_timestamp() - interval ''3 hours'' ORDER BY s.id
         ON CONFLICT (subject) DO UPDATE
        SET expires_at = GREATEST(revocations.expires_at, EXCLUDED.expires_at), xid = pg_current_xact_id()',
    TG_TABLE_SCHEMA);
  RETURN NULL;
END
$$;

CREATE TRIGGER "sessions_revoke_deleted" BEFORE DELETE ON "sessions"
  FOR EACH ROW WHEN (OLD."access_expires_at" > clock_timestamp() - interval '3 hours')
  EXECUTE FUNCTION "revoke_deleted_session"();
CREATE TRIGGER "sessions_revoke_truncated" BEFORE TRUNCATE ON "sessions"
  FOR EACH STATEMENT EXECUTE FUNCTION "revoke_truncated_sessions"();
