/** Databases with other zones, formats, isolation, limits and paths (F1, F2): the same answers. Each of them, and a change while nodes run, is in test/soak. */
import t from 'tap';
import type { HostileSetUp } from '../../support/hostileDatabase.ts';
import { holdsOnEach } from '../../support/hostileNodes.ts';

t.setTimeout(175_000);

/** What is hostile in several of the databases of test/soak at once. */
const setUps: Readonly<Record<string, HostileSetUp>> = {
  'another zone, other formats, short time limits and a path that leads elsewhere': {
    schemas: ['elsewhere'],
    schema: 'Auth-1',
    database: {
      ...{ timezone: "'Pacific/Kiritimati'", datestyle: "'SQL, DMY'", search_path: 'elsewhere, public' },
      ...{ intervalstyle: 'sql_standard', bytea_output: 'escape', default_transaction_read_only: 'on' },
    },
    role: {
      ...{ timezone: "'America/Los_Angeles'", client_encoding: 'LATIN1', transform_null_equals: 'on' },
      ...{ statement_timeout: "'200ms'", lock_timeout: "'1ms'", extra_float_digits: '-15' },
      ...{ default_transaction_isolation: 'serializable', default_transaction_deferrable: 'on' },
    },
  },
};

holdsOnEach(t, setUps);
