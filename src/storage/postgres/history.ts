/**
 * Names a transaction history: cluster, timeline (new after a failover or a restore), database, the table of revocations (another
 * table is another truth), and the start after the last crash: a crashed server may reuse transaction ids a reader has seen. The
 * statistics' reset time shows each recovery, even when only the server's processes were replaced; the server's start time would
 * not. Fails on a standby, whose snapshots prove nothing.
 */
export const historySql = `(SELECT concat_ws('.', system_identifier,
    substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    to_regclass('revocations')::oid,
    (SELECT (extract(epoch FROM stats_reset) * 1000000)::bigint FROM pg_stat_archiver)) FROM pg_control_system())`;
