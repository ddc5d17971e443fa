/** Two nodes, as they are shipped: budgets are shared, and without Redis each node lets through a little (L3, L4). */
import t from 'tap';
import { loginLimits } from '../../../src/login/limits.ts';
import { platformLimits } from '../../../src/platform/limits.ts';
import { rateBudgets } from '../../../src/rateBudgets.ts';
import { password } from '../../support/authority.ts';
import type { Answer } from '../../support/clients.ts';
import { type ClusterNode, startCluster } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { from } from '../../support/loginTries.ts';
import { startRedis } from '../../support/redis.ts';

const settings = { RATE_LIMITS: '1', TRUSTED_PROXIES: '127.0.0.1' };

const cluster = await startCluster(2, settings);
t.teardown(() => cluster.stop());
const [one, two] = cluster.nodes as unknown as [ClusterNode, ClusterNode];

const login = (node: ClusterNode, email: string, said: string, address: string): Promise<Answer> =>
  node.call('POST', '/auth/login', { body: { email, password: said }, headers: from(address) });

/** A refresh costs least, and is limited in the same way. */
const refresh = (node: ClusterNode, address: string): Promise<Answer> =>
  node.call('POST', '/auth/refresh', { body: { refresh_token: 'rt_x' }, headers: from(address) });

async function letThrough(nodes: readonly ClusterNode[], address: string, tries: number) {
  const statuses: number[] = [];
  for (let count = 0; count < tries; count += 1)
    statuses.push((await refresh(nodes[count % nodes.length] as ClusterNode, address)).status);
  return {
    through: statuses.filter((status) => status === 401).length,
    limited: statuses.filter((status) => status === 429).length,
  };
}

t.test(
  'two nodes share every budget; without Redis each has a small one, and then they share again',
  async (t) => {
    const budget = rateBudgets.refresh.address;
    const local = budget * platformLimits.rateLocalShare;

    const shared = await letThrough([one, two], '192.0.2.1', budget + 10);
    t.strictSame(shared, { through: budget, limited: 10 });

    await cluster.redis.stop();
    const alone = await letThrough([one], '192.0.2.2', local + 20);
    t.strictSame(alone, { through: local, limited: 20 }, 'never everything, never nothing, never 500');
    t.strictSame(await letThrough([two], '192.0.2.2', local + 20), { through: local, limited: 20 });
    const metrics = (await one.operations('GET', '/metrics')).body;
    t.match(metrics, /countersign_rate_limits_alone 1/);
    t.match(metrics, `countersign_refusals_total{code="rate_limited",reason="refresh_address"} ${5 + 20}`);
    const told = one.warnings().filter((line) => line.includes('"rate_limits"'));
    t.equal(told.length, 1, 'the log says it once');
    t.strictSame(one.errors(), []);

    cluster.redis = await startRedis({ port: cluster.redis.port });
    await eventually('they count together again', async () => {
      await refresh(one, '192.0.2.3');
      return /countersign_rate_limits_alone 0/.test((await one.operations('GET', '/metrics')).body);
    });
  },
);

t.test('guesses at two nodes at once are as many as are free, from however many places', async (t) => {
  const body = { email: 'alice@example.com', password };
  await one.call('POST', '/auth/register', { body });
  t.equal((await login(one, body.email, password, '192.0.2.1')).status, 200);
  const guesses = Array.from({ length: 100 }, (_, number) =>
    login(number % 2 ? one : two, body.email, `wrong ${number}`, `10.${number}.0.1`),
  );
  const start = performance.now();
  const answers = await Promise.all(guesses);
  // Time is the machine's here: on a slow one a wait may end meanwhile, the first after 1 s, the next after 2 s more.
  const ended = Math.floor(Math.log2((performance.now() - start) / 1000 + 1));
  const checked = answers.filter(({ status }) => status === 401).length;
  const { passwordFailuresFree: free } = loginLimits;
  t.ok(checked >= free && checked <= free + ended, `${checked} were looked at`);
  t.equal(answers.filter(({ status }) => status === 429).length, 100 - checked);
  t.equal(
    (await login(two, body.email, password, '192.0.2.99')).status,
    200,
    'the owner at home, at any node',
  );
  const stranger = await login(two, body.email, password, '198.51.100.1');
  // The last wrong one began a wait of 1 s, or of twice that for each more that was looked at.
  const isOver = (performance.now() - start) / 1000 > 2 ** (checked - free);
  t.match([stranger.status, stranger.body.code], isOver ? [Number] : [429, 'rate_limited']);
});
