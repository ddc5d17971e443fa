/** The short form of what `npm run test:faults -- --sessions` does a thousand times each. */
import t from 'tap';
import { sessionLimits } from '../../src/sessions/limits.ts';
import { startCluster } from '../support/cluster.ts';
import { enders, raceWithEnd, raceWithItself } from './races.ts';

t.test('races of a refresh over two nodes', async (t) => {
  const cluster = await startCluster(2);
  t.teardown(() => cluster.stop());

  await t.test('with itself: one successor, and nobody is logged out', async (t) => {
    const { rounds, refreshed, wrong } = await raceWithItself(cluster, 50, 5);
    t.strictSame(wrong, []);
    t.ok(refreshed >= rounds, `${refreshed} answers of ${rounds} rounds`);
    t.ok(refreshed <= rounds * (1 + sessionLimits.refreshGraceRepeats), 'no more than there are repeats');
  });

  for (const [name, end] of Object.entries(enders)) {
    await t.test(`with ${name}: nothing that it handed out outlives the end`, async (t) => {
      const { rounds, refreshed, wrong } = await raceWithEnd(cluster, end, 12);
      t.strictSame(wrong, []);
      t.equal(rounds, 12);
      t.ok(refreshed > 0, `${refreshed} refreshes were answered with tokens meanwhile`);
    });
  }
});
