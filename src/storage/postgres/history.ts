/**
 * Names a history of transactions: cluster, timeline (a failover or a restored backup begins a new one), database, the table
 * of revocations (who reads another one has not seen what is in this one), and the start after the last crash: a server that
 * crashed may use ids of transactions again whose end a reader had seen already. Statistics start over with each recovery,
 * also when the server itself went on and only its processes were replaced; the start of the server would not tell. Fails on
 * a standby, whose snapshots prove nothing.
 */
export const historySql = `(SELECT concat_ws('.', system_identifier,
    substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
    (SELECT oid FROM pg_database WHERE datname = current_database()),
    to_regclass('revocations')::oid,
    (SELECT (extract(epoch FROM stats_reset) * 1000000)::bigint FROM pg_stat_archiver)) FROM pg_control_system())`;
