/** Edges in other processes: no token is accepted after its logout was answered. The short form of `npm run test:faults -- --edges`. */
import t from 'tap';
import { startCluster } from '../../support/cluster.ts';
import { edgeFaults } from './edgeFaults.ts';
import { runEdges } from './edgeRun.ts';
import { brokenPromises, row } from './report.ts';

const options = { processes: 2, edgesPerProcess: 4, logoutsPerSecond: 50, seconds: 6, warmUpLogouts: 0 };
/** Longer than the lease of a test cluster. */
const frozenMilliseconds = 3_000;

t.test('edges', async (t) => {
  const cluster = await startCluster(3);
  t.teardown(() => cluster.stop());
  for (const [name, fault] of Object.entries(edgeFaults(frozenMilliseconds))) {
    await t.test(name, async (t) => {
      const result = await runEdges(cluster, options, fault);
      t.comment(row(name, result));
      t.strictSame(brokenPromises(result, cluster), []);
      const logouts = options.logoutsPerSecond * options.seconds;
      t.equal(result.acknowledged, logouts);
      t.ok(result.edgesAsked >= options.edgesPerProcess, 'edges have lived to the end');
      t.ok(
        result.checks >= logouts * result.edgesAsked,
        `each was asked about each token: ${row(name, result)}`,
      );
    });
  }
});
