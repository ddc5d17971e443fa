/** Fewer connections than a node would like: it serves with those it gets, or says in one line that it cannot. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { startAuthority } from '../../support/authority.ts';
import { eventually } from '../../support/eventually.ts';
import { createHostileDatabase } from '../../support/hostileDatabase.ts';
import { startRedis } from '../../support/redis.ts';

t.setTimeout(170_000);

const email = 'ada@example.com';

for (const limit of [3, 4, 5, 6, 8, 10, 12]) {
  t.test(`${limit} connections`, async (t) => {
    const redis = await startRedis();
    t.teardown(() => redis.stop());
    const database = await createHostileDatabase(t, {});
    const dataDir = await mkdtemp(join(tmpdir(), 'few-'));
    t.teardown(() => rm(dataDir, { recursive: true, force: true }));
    const KEY_ENCRYPTION_KEY = randomBytes(32).toString('base64');
    const env = { DATABASE_URL: database.url, REDIS_URL: redis.url, KEY_ENCRYPTION_KEY };
    await database.query(`ALTER ROLE ${database.role} CONNECTION LIMIT ${limit}`);
    const started = startAuthority({ env, dataDir });
    const node = await started.catch((error: Error) => error);
    if (node instanceof Error) {
      t.ok(limit < 5, 'only with very few it does not start');
      t.match(node.message, /^DATABASE_URL: [^\n]*no free connection; raise max_connections[^\n]*$/);
      return;
    }
    t.teardown(() => node.stop());
    await node.register(email);
    const sessions = await Promise.all(Array.from({ length: 20 }, () => node.login(email)));
    const asked = sessions.flatMap(({ access_token: token, refresh_token }) => [
      node.call('GET', '/auth/sessions', { token }),
      node.refresh(refresh_token),
    ]);
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    t.strictSame([...new Set(statuses)], [200], 'forty at once are all answered');
    t.equal((await node.call('GET', '/health/ready')).status, 200);
    const loggedOut = sessions.map(({ access_token: token }) => node.call('POST', '/auth/logout', { token }));
    t.strictSame([...new Set((await Promise.all(loggedOut)).map(({ status }) => status))], [204]);
    await database.query(`ALTER ROLE ${database.role} CONNECTION LIMIT 0`);
    await database.cut();
    await eventually('without any, readiness and callers say the same', async () => {
      const ready = await node.operations('GET', '/health/ready');
      const login = await node.call('POST', '/auth/refresh', {
        body: { refresh_token: sessions[0]?.refresh_token },
      });
      return ready.status === 503 && login.status === 503;
    });
    await database.query(`ALTER ROLE ${database.role} CONNECTION LIMIT ${limit}`);
    await eventually(
      'and it comes back',
      async () => (await node.call('GET', '/health/ready')).status === 200,
    );
    t.ok(await node.login(email));
  });
}
