/**
 * Every connection is ours: before its first use it is set to what the statements were written for, whatever the server, the
 * database or the role has set, and whatever somebody changes there while we run. Owns which settings those are.
 *
 * They are set by a statement, not as start-up parameters: PgBouncer refuses those that it does not know. Of two settings
 * that are much alike, none is left out: a time without an offset means what `TimeZone` says, and one connection that was
 * forgotten writes revocations that have expired.
 */

export interface PinsOf {
  /** Where all tables are, and where nothing else is looked for. */
  readonly schema: string;
  /** After which the server gives a statement up. */
  readonly statementMs: number;
  /** After which the server ends a transaction in which nothing happens. */
  readonly idleMs: number;
}

/** Runs one statement with parameters on the connection that is pinned. */
type RunStatement = (sql: string, parameters: readonly unknown[]) => Promise<unknown>;

/** Names in lower case. Those that a server does not have yet are passed over. */
function pins({ schema, statementMs, idleMs }: PinsOf): {
  readonly search_path: string;
  readonly [name: string]: string;
} {
  return {
    // Where names lead. Temporary tables come last: nobody's may stand in for one of ours.
    search_path: `${quotedName(schema)}, pg_temp`,
    // What times and other values look like, in both directions.
    timezone: 'UTC',
    datestyle: 'ISO, MDY',
    intervalstyle: 'postgres',
    bytea_output: 'hex',
    extra_float_digits: '1',
    client_encoding: 'UTF8',
    standard_conforming_strings: 'on',
    transform_null_equals: 'off',
    // What a transaction is, and for how long.
    default_transaction_isolation: 'read committed',
    default_transaction_read_only: 'off',
    default_transaction_deferrable: 'off',
    statement_timeout: String(statementMs),
    idle_in_transaction_session_timeout: String(idleMs),
    lock_timeout: '0',
    idle_session_timeout: '0',
    transaction_timeout: '0',
  };
}

/**
 * With `off`, a crash of the server would lose logouts that were answered. Other values (`remote_apply`, `local`) all survive
 * that, and are the operator's choice.
 */
const durable = `CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END`;

/** Resolves when the connection is set; until then nothing else may run on it. */
export async function pinConnection(run: RunStatement, of: PinsOf): Promise<void> {
  const { search_path, ...others } = pins(of);
  // First and by itself: from here on no name means what somebody else has put in front.
  await run("SELECT pg_catalog.set_config('search_path', $1, false)", [search_path]);
  await run(
    `SELECT set_config(s.name, pin.value, false), ${durable}
       FROM json_each_text($1::json) AS pin (name, value) JOIN pg_settings AS s ON lower(s.name) = pin.name`,
    [JSON.stringify(others)],
  );
}

/** As an identifier in SQL. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
