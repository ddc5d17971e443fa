/** Databases in other time zones than UTC, as `initdb` makes them in most of the world (F1): the same answers on all of them. */
import t from 'tap';
import { eventually } from '../../support/eventually.ts';
import { createHostileDatabase, type HostileSetUp } from '../../support/hostileDatabase.ts';
import { holdsEverywhere, holdsOnEach, openNodes } from '../../support/hostileNodes.ts';

t.setTimeout(175_000);

const setUps: Readonly<Record<string, HostileSetUp>> = {
  'a zone east of UTC with summer time, by database': { database: { timezone: "'Europe/Berlin'" } },
  'a zone east of UTC with half hours, by role': { role: { timezone: "'Asia/Kolkata'" } },
  'a zone west of UTC, by both': {
    database: { timezone: "'Pacific/Kiritimati'" },
    role: { timezone: "'America/Los_Angeles'" },
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
