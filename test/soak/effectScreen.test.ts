/**
 * The Effect screen beside the truth, of two nodes and a guard: a frozen node, Redis that was cut and a killed guard are named, also
 * what happened at the other node. Prints how long each took.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { startPageAuthority } from '../support/accountPage.ts';
import { startChromium } from '../support/chromium.ts';
import { administrator } from '../support/consolePage.ts';
import { startPythonSubscriber } from '../support/pythonSubscriber.ts';
import { startServer } from '../support/server.ts';
import { startTcpProxy } from '../support/tcpProxy.ts';
import { sharedServers } from '../support/twoNodes.ts';

t.setTimeout(120_000);

t.test('the screen names who is late', async (t) => {
  const { env, redis } = await sharedServers(t);
  const line = await startTcpProxy(redis.port);
  t.teardown(() => line.close());
  const shared = { ...env, LEASE: '2s' };
  const one = await startPageAuthority(t, shared);
  const folder = await mkdtemp(join(tmpdir(), 'second-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const ofTwo = { ISSUER: one.issuer, REDIS_URL: `redis://127.0.0.1:${line.port}` };
  const two = await startServer(folder, { ...shared, ...ofTwo });
  t.teardown(() => two.stop());
  const service = { name: 'orders', permissions: ['tokens.check'] as const };
  const { token } = await one.authority.operations.createService(service, { name: 'operator' });
  const guard = await startPythonSubscriber(`127.0.0.1:${two.grpcPort}`, token);
  t.teardown(() => guard.stop());
  t.strictSame(await guard.ask({ watch: true }), { lease: true });

  const browser = await startChromium();
  t.teardown(() => browser.close());
  const { page, faults, close } = await administrator(browser, one, 'admin@example.com');
  t.teardown(close);
  const nodes = page.getByRole('region', { name: 'Nodes', exact: true }).getByRole('row');
  const guards = page.getByRole('region', { name: 'Guards of all nodes: 1' }).getByRole('row');
  const other = nodes.filter({ hasNotText: 'this one' }).filter({ hasNotText: 'Late since' });
  const took = async (what: string, seen: Promise<void>) => {
    const begun = performance.now();
    await seen;
    t.comment(`${what}: named after ${(performance.now() - begun).toFixed(0)} ms`);
  };

  await guards.filter({ hasText: 'orders' }).getByText('connected', { exact: true }).waitFor();
  await other.getByText('ready', { exact: true }).waitFor();
  t.equal(await other.getByText(/ago|now/).count(), 2, 'its canary and its report');

  line.cut('silent');
  await took('Redis is cut at the other node', other.getByText('redis: does not answer').waitFor());
  line.heal();
  await took('Redis is back', other.getByText('ready', { exact: true }).waitFor());

  guard.kill();
  await took(
    'a guard of the other node is killed',
    guards.filter({ hasText: 'orders' }).getByText('not connected').waitFor(),
  );

  two.process.signal('SIGSTOP');
  t.teardown(() => two.process.signal('SIGCONT'));
  await took('the other node is frozen', other.getByRole('time').waitFor());
  two.process.signal('SIGCONT');
  await took('it goes on', other.getByRole('time').waitFor({ state: 'detached' }));

  redis.kill('SIGKILL');
  const own = page.getByRole('region', { name: 'Parts of this node' }).getByRole('row');
  await took('Redis is killed', own.filter({ hasText: 'redis' }).getByText('does not answer').waitFor());
  t.strictSame(faults, []);
});
