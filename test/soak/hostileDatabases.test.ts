/** Databases with other zones, formats, isolation, limits and paths (F1, F2): the same answers on all of them. */
import t from 'tap';
import { otherSettings, otherZones } from '../storage/postgres/hostileSetUps.ts';
import { eventually } from '../support/eventually.ts';
import { createHostileDatabase } from '../support/hostileDatabase.ts';
import { holdsEverywhere, holdsOnEach, openNodes } from '../support/hostileNodes.ts';

t.setTimeout(900_000);

holdsOnEach(t, { ...otherSettings, ...otherZones });

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
