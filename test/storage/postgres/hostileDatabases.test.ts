/** Databases with other zones, formats, isolation, limits and paths (F1, F2): the same answers. Each of them is in test/soak. */
import t from 'tap';
import { eventually } from '../../support/eventually.ts';
import { createHostileDatabase, type HostileSetUp } from '../../support/hostileDatabase.ts';
import { holdsEverywhere, holdsOnEach, openNodes } from '../../support/hostileNodes.ts';

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

t.test('settings that change while nodes run', async (t) => {
  const database = await createHostileDatabase(t, {});
  const nodes = await openNodes(t, database);
  await database.change({
    database: { timezone: "'Asia/Kolkata'", datestyle: "'German'", search_path: 'nowhere' },
    role: { timezone: "'America/Los_Angeles'", default_transaction_isolation: 'serializable' },
  });
  await eventually('it goes on', async () => (await nodes.one.call('GET', '/health/ready')).status === 200);
  await eventually('both do', async () => (await nodes.other.call('GET', '/health/ready')).status === 200);
  await holdsEverywhere(t, nodes, database.url);
});
