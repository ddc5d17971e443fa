/** The short form of what `npm run test:faults -- --edges` does with 10,000 logouts. */
import t from 'tap';
import { startCluster } from '../support/cluster.ts';
import { runExamples } from './exampleRun.ts';

t.test('the example services refuse a token in the first request after its logout', async (t) => {
  const cluster = await startCluster(2);
  t.teardown(() => cluster.stop());
  const { logouts, wrong } = await runExamples(cluster, 600);
  t.equal(logouts, 600);
  t.strictSame(wrong, []);
});
