/** Refreshes raced with each other, and with whatever ends their session, a hundred times each. */
import t from 'tap';
import { enders, raceWithEnd, raceWithItself } from '../sessions/races.ts';
import { startCluster } from '../support/cluster.ts';

const rounds = 100;
const tokensAtOnce = 50;
t.setTimeout(900_000);

t.test('races of a refresh over two nodes', async (t) => {
  t.setTimeout(900_000);
  const cluster = await startCluster(2, {}, { direct: true });
  t.teardown(() => cluster.stop());
  const itself = await raceWithItself(cluster, tokensAtOnce, rounds);
  t.strictSame(itself.wrong, [], `${tokensAtOnce} refreshes of one token`);
  for (const [name, ender] of Object.entries(enders)) {
    const { refreshed, wrong } = await raceWithEnd(cluster, ender, rounds);
    t.strictSame(wrong, [], `a refresh and ${name}: ${refreshed} were answered meanwhile`);
  }
});
