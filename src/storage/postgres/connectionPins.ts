/**
 * Pins every connection before its first use to the settings our statements need, whatever the server, database or role has set,
 * now or later. Owns which settings those are. A statement sets them, not start-up parameters: PgBouncer refuses unknown ones.
 * Every connection and every setting matters: a time without offset depends on `TimeZone`, and one unpinned connection would
 * write expired revocations.
 */

export interface PinsOf {
  /** The only schema: all tables are there. */
  readonly schema: string;
  /** The server gives up a statement after this. */
  readonly statementMs: number;
  /** The server ends an idle transaction after this. */
  readonly idleMs: number;
}

/** Runs one statement with parameters on this connection. */
type RunStatement = (sql: string, parameters: readonly unknown[]) => Promise<unknown>;

/** Names in lower case. Skips those a server does not have. */
function pins({ schema, statementMs, idleMs }: PinsOf): {
  readonly search_path: string;
  readonly [name: string]: string;
} {
  return {
    // Name resolution. Temporary tables come last: none may replace one of ours.
    search_path: `${quotedName(schema)}, pg_temp`,
    // Text forms of times and other values, in both directions.
    timezone: 'UTC',
    datestyle: 'ISO, MDY',
    intervalstyle: 'postgres',
    bytea_output: 'hex',
    extra_float_digits: '1',
    client_encoding: 'UTF8',
    standard_conforming_strings: 'on',
    transform_null_equals: 'off',
    // Compiling a statement takes longer than any of ours gains by it.
    jit: 'off',
    // Transactions: isolation and limits.
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
 * With `off`, a server crash would lose answered logouts. Other values (`remote_apply`, `local`) survive it and are the
 * operator's choice.
 */
const durable = `CASE WHEN current_setting('synchronous_commit') = 'off' THEN set_config('synchronous_commit', 'on', false) END`;

/** Nothing else may run on the connection until this resolves. */
export async function pinConnection(run: RunStatement, of: PinsOf): Promise<void> {
  const { search_path, ...others } = pins(of);
  // First and alone: from here on, no name resolves to somebody else's object.
  await run("SELECT pg_catalog.set_config('search_path', $1, false)", [search_path]);
  await run(
    `SELECT set_config(s.name, pin.value, false), ${durable}
       FROM json_each_text($1::json) AS pin (name, value) JOIN pg_settings AS s ON lower(s.name) = pin.name`,
    [JSON.stringify(others)],
  );
}

/** Quotes an SQL identifier. */
export function quotedName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
