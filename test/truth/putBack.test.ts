/** A database that was put back under nodes (F10): nothing of it is served before an operator has decided, for all of them. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../support/eventually.ts';
import { createHostileDatabase, type HostileDatabase } from '../support/hostileDatabase.ts';
import { command, login, logout, me, register, startInDoubt, stop } from '../support/puttingBack.ts';
import { startRedis } from '../support/redis.ts';
import { startServer } from '../support/server.ts';

t.setTimeout(170_000);

async function openTwo(t: Test) {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const database = await createHostileDatabase(t, {});
  const env = {
    ...{ DATABASE_URL: database.url, REDIS_URL: redis.url, REGISTRATION: 'open' },
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const folders = [await mkdtemp(join(tmpdir(), 'one-')), await mkdtemp(join(tmpdir(), 'two-'))] as const;
  for (const folder of folders) t.teardown(() => rm(folder, { recursive: true, force: true }));
  return { redis, database, env, folders };
}

const nameOf = ({ url }: HostileDatabase) => new URL(url).pathname.slice(1);

/** As `pg_dump` and `pg_restore` leave it: the same rows under other ids of transactions. */
async function putCopyInPlace(database: HostileDatabase, copy: string): Promise<void> {
  const name = nameOf(database);
  await database.onServer(`ALTER DATABASE ${name} RENAME TO gone_${name}`);
  await database.onServer(`ALTER DATABASE ${copy} RENAME TO ${name}`);
}

t.test('a database that was put back under two nodes', async (t) => {
  const { redis, database, env, folders } = await openTwo(t);
  const nodes = [await startServer(folders[0], env), await startServer(folders[1], env)] as const;
  for (const node of nodes) t.teardown(() => node.stop());
  await register(nodes[0]);
  const [ended, kept] = [await login(nodes[0]), await login(nodes[1])];
  const copy = `copy_${nameOf(database)}`;
  await database.copyTo(copy);
  await eventually('they go on', async () => (await me(nodes[0], kept)) === 200);
  t.equal(await logout(nodes[0], ended), 204);
  t.equal(await me(nodes[1], ended), 401);

  t.comment('while they run');
  await putCopyInPlace(database, copy);
  for (const node of nodes) {
    await eventually('it is noticed', async () => {
      t.not(await me(node, ended), 200, 'at no moment is it accepted');
      return /older than what was seen/.test(node.process.stderr());
    });
    t.equal(await me(node, kept), 503);
    t.equal(await logout(node, kept), 503, 'and no logout is answered as done');
  }

  t.comment('and on new nodes, which know of it from Redis only');
  for (const node of nodes) await stop(node);
  const fresh = await mkdtemp(join(tmpdir(), 'fresh-'));
  t.teardown(() => rm(fresh, { recursive: true, force: true }));
  const waiting = [await startInDoubt(t, folders[0], env), await startInDoubt(t, fresh, env)];
  const decided = await command(fresh, env, 'restored');
  t.match(decided, { code: 0 }, decided.err);
  for (const node of waiting) {
    const [, port = ''] = await node.waitForOutput(/HTTP +http:\/\/127\.0\.0\.1:(\d+)/, 20_000);
    const answer = await fetch(`http://127.0.0.1:${port}/auth/me`, {
      headers: { authorization: `Bearer ${ended.access_token}` },
    });
    t.equal(answer.status, 401, 'one decision is enough for all, and no earlier token is good');
  }
  t.equal(await redis.command('PING'), 'PONG');
});

t.test('another database behind the same folder and Redis', async (t) => {
  const { redis, env, folders } = await openTwo(t);
  const server = await startServer(folders[0], env);
  await register(server);
  await stop(server);
  const other = await createHostileDatabase(t, {});
  await redis.command('FLUSHALL');
  const said = /.*is another one.*Correct DATABASE_URL, or use another DATA_DIR.*/;
  await startInDoubt(t, folders[0], { ...env, DATABASE_URL: other.url }, said);
});
