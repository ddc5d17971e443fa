/** Edges in other processes: no token is accepted after its logout was answered. The short form of `npm run test:faults -- --edges`. */
import t from 'tap';
import { startCluster } from '../support/cluster.ts';
import { edgeFaults } from './edgeFaults.ts';
import { answerMilliseconds, runEdges } from './edgeRun.ts';
import { brokenPromises, row } from './report.ts';

const options = { processes: 2, edgesPerProcess: 4, logoutsPerSecond: 50, seconds: 6 };
/** Longer than the lease of a test cluster. */
const frozenMilliseconds = 3_000;

t.test('edges', async (t) => {
  const cluster = await startCluster(3);
  t.teardown(() => cluster.stop());
  for (const [name, fault] of Object.entries(edgeFaults(1_500, frozenMilliseconds))) {
    await t.test(name, async (t) => {
      const result = await runEdges(cluster, options, fault);
      t.comment(row(name, result));
      t.strictSame(brokenPromises(result, answerMilliseconds(cluster)), []);
      t.equal(result.acknowledged, options.logoutsPerSecond * options.seconds);
      t.ok(result.checks > 1_000, `there was a load: ${row(name, result)}`);
    });
  }
});
