/** Databases as others set them up (F1, F2). */
import type { HostileSetUp } from '../../support/hostileDatabase.ts';

export const otherSettings: Readonly<Record<string, HostileSetUp>> = {
  'other formats and short time limits': {
    database: { datestyle: "'SQL, DMY'", intervalstyle: 'sql_standard', bytea_output: 'escape' },
    role: {
      ...{ extra_float_digits: '-15', client_encoding: 'LATIN1', transform_null_equals: 'on' },
      ...{
        statement_timeout: "'200ms'",
        idle_in_transaction_session_timeout: "'5ms'",
        lock_timeout: "'1ms'",
      },
    },
  },
  'repeatable read': { database: { default_transaction_isolation: "'repeatable read'" } },
  'serializable and deferrable, read only by default, not durable': {
    role: { default_transaction_isolation: 'serializable', default_transaction_deferrable: 'on' },
    database: { default_transaction_read_only: 'on', synchronous_commit: 'off' },
  },
  'a schema named like the user': { schemas: ['{role}'] },
  'another search path': { schemas: ['auth'], role: { search_path: 'auth' } },
  '?schema=, with a path that leads elsewhere': {
    schemas: ['elsewhere'],
    schema: 'Auth-1',
    database: { search_path: 'elsewhere, public' },
  },
};

/** As `initdb` makes them in most of the world. */
export const otherZones: Readonly<Record<string, HostileSetUp>> = {
  'a zone east of UTC with summer time, by database': { database: { timezone: "'Europe/Berlin'" } },
  'a zone east of UTC with half hours, by role': { role: { timezone: "'Asia/Kolkata'" } },
  'a zone west of UTC, by both': {
    database: { timezone: "'Pacific/Kiritimati'" },
    role: { timezone: "'America/Los_Angeles'" },
  },
};
