/** Databases with other formats, isolation, limits and paths (F1, F2): the same answers on all of them. */
import t from 'tap';
import type { HostileSetUp } from '../../support/hostileDatabase.ts';
import { holdsOnEach } from '../../support/hostileNodes.ts';

t.setTimeout(175_000);

const setUps: Readonly<Record<string, HostileSetUp>> = {
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

holdsOnEach(t, setUps);
