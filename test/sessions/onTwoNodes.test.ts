/** Two nodes, and one cluster for all of it; races a few times each, a hundred times in test/soak. */
import t from 'tap';
import { sessionLimits } from '../../src/sessions/limits.ts';
import { startCluster } from '../support/cluster.ts';
import { dumpRefreshesNothing } from './dump.ts';
import { limitHolds, most } from './limit.ts';
import { enders, raceWithEnd, raceWithItself } from './races.ts';

t.test('two nodes', async (t) => {
  const cluster = await startCluster(2, { SESSIONS_PER_USER: String(most), REFRESH_GRACE: '2m' });
  t.teardown(() => cluster.stop());

  await t.test('a user has so many sessions (R16)', (t) => limitHolds(t, cluster));
  await t.test('a dump (R12)', (t) => dumpRefreshesNothing(t, cluster));

  await t.test('a refresh with itself: one successor, and nobody is logged out', async (t) => {
    const { rounds, refreshed, wrong } = await raceWithItself(cluster, 50, 3);
    t.strictSame(wrong, []);
    t.ok(refreshed >= rounds, `${refreshed} answers of ${rounds} rounds`);
    t.ok(refreshed <= rounds * (1 + sessionLimits.refreshGraceRepeats), 'no more than there are repeats');
  });

  for (const [name, end] of Object.entries(enders)) {
    await t.test(`a refresh with ${name}: nothing that it handed out outlives the end`, async (t) => {
      const { rounds, refreshed, wrong } = await raceWithEnd(cluster, end, 4);
      t.strictSame(wrong, []);
      t.equal(rounds, 4);
      t.ok(refreshed > 0, `${refreshed} refreshes were answered with tokens meanwhile`);
    });
  }
});
