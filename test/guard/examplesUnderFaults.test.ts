/** The example services beside real nodes; test/soak/subscribers.test.ts does it for longer. */
import t from 'tap';
import { startCluster } from '../support/cluster.ts';
import { runExamples } from './exampleRun.ts';

t.test('the example services refuse a token in the first request after its logout', async (t) => {
  const cluster = await startCluster(2);
  t.teardown(() => cluster.stop());
  const { logouts, wrong } = await runExamples(cluster, 300);
  t.equal(logouts, 300);
  t.strictSame(wrong, []);
});
