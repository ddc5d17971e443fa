/** The audit log of two real nodes, of which one is killed under load: one chain, and one event for each session that ended. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { createStorage } from '../../src/storage/postgres/storage.ts';
import { verifierOf } from '../support/auditTables.ts';
import { password } from '../support/authority.ts';
import { startCluster } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';

t.setTimeout(150_000);

t.test('two nodes, one of them killed', async (t) => {
  const cluster = await startCluster(2);
  t.teardown(() => cluster.stop());
  const [one, two] = cluster.nodes as [(typeof cluster.nodes)[0], (typeof cluster.nodes)[0]];
  const folder = await mkdtemp(join(tmpdir(), 'audit-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const engine = await openEngine(folder, cluster.postgres.url);
  t.teardown(() => engine.close());
  const { database } = createStorage(engine);
  const verify = verifierOf({ database });

  const body = { email: 'a@example.com', password };
  await one.call('POST', '/auth/register', { body });
  let loggedOut = 0;
  const comeAndGo = async (node: typeof one, times: number) => {
    for (let done = 0; done < times; done += 1) {
      const login = await node.call('POST', '/auth/login', { body });
      const { access_token: token } = login.body;
      const { status } = await node.call('POST', '/auth/logout', { token });
      if (status === 204) loggedOut += 1;
    }
  };
  const killed = comeAndGo(one, 1_000).catch(() => 'killed');
  await comeAndGo(two, 10);
  await one.kill();
  t.equal(await killed, 'killed');
  await comeAndGo(two, 5);
  await one.start();
  await comeAndGo(one, 5);
  t.ok(loggedOut > 20, `${loggedOut} logouts`);

  const sealed = await eventually(
    'all is sealed',
    async () => {
      const report = await verify();
      return report.unsealed === 0 && report;
    },
    60_000,
  );
  t.match(sealed, { fault: undefined, deleted: undefined });
  t.ok(
    sealed.seals > 0 && sealed.events > 2 * loggedOut,
    `${sealed.events} events of ${loggedOut} logouts in ${sealed.seals} seals`,
  );
  const [row] = await engine.prisma.$queryRaw<{ ended: number; told: number; once: number }[]>`
    SELECT (SELECT count(*)::int FROM sessions WHERE ended_at IS NOT NULL AND client_id <> 'canary') AS ended,
           (SELECT count(*)::int FROM audit_events WHERE type = 'session_ended') AS told,
           (SELECT count(DISTINCT e.session_id)::int FROM audit_events AS e JOIN sessions AS s ON s.id = e.session_id
             WHERE e.type = 'session_ended' AND s.ended_at IS NOT NULL) AS once`;
  t.ok((row?.ended ?? 0) >= loggedOut);
  t.strictSame(
    [row?.told, row?.once],
    [row?.ended, row?.ended],
    'an event for each session that ended, and only one',
  );
});
