/** Two authorities on one PostgreSQL and one Redis, a guard of the second one, and somebody who writes to the database by hand. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Test } from 'tap';
import { startAuthority, type TestAuthority } from './authority.ts';
import { aGuard, said } from './guards.ts';
import { createMigratedDatabase } from './postgres.ts';
import { startRedis } from './redis.ts';

export const email = 'alice@example.com';

/** A database and a Redis for several authorities, and the environment that leads them there. */
export async function sharedServers(t: Test) {
  const [database, redis] = [await createMigratedDatabase(), await startRedis()];
  t.teardown(() => Promise.all([database.drop(), redis.stop()]));
  const env = {
    DATABASE_URL: database.url,
    REDIS_URL: redis.url,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  return { database, redis, env };
}

export async function startTwoNodes(t: Test) {
  const { database, redis, env } = await sharedServers(t);
  const start = async () => {
    const node = await startAuthority({ env });
    t.teardown(() => node.stop());
    return node;
  };
  const [one, two] = [await start(), await start()];
  const guard = guardOf(t, two);
  await guard.ready();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  t.teardown(() => client.end());
  await one.register(email);
  const sql = async (text: string, parameters: readonly unknown[] = []) =>
    (await client.query(text, [...parameters])).rows;
  return {
    ...{ env, start, redis, one, two, guard, sql },
    login: async () => one.login(email),
    /** As a database does that never had them: no trigger is told. */
    async forgetRows(text: string, parameters: readonly unknown[] = []) {
      await sql('SET session_replication_role = replica');
      await sql(text, parameters);
      await sql('SET session_replication_role = DEFAULT');
    },
    /** What both nodes and the guard say, by `me`, introspection, `IsRevoked` and `verify`. */
    async verdicts(token: string): Promise<readonly string[]> {
      const [, payload = ''] = token.split('.');
      const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const ofNode = async ({ call, grpc }: TestAuthority) => [
        String((await call('GET', '/auth/me', { token })).status),
        (await grpc.introspect(token)).active ? 'active' : 'inactive',
        (await grpc.isRevoked(jti)).revoked ? 'revoked' : 'not revoked',
      ];
      return [...(await ofNode(one)), ...(await ofNode(two)), await said(guard, token)];
    },
  };
}

export function guardOf(t: Test, { grpcPort, serviceToken }: TestAuthority) {
  const options = { serviceToken, audience: 'countersign', issuer: 'http://127.0.0.1:8080' };
  return aGuard(t, [{ address: `127.0.0.1:${grpcPort}` }], options);
}

const ofNode = (words: readonly string[]) => [...words, ...words];

export const accepted = [...ofNode(['200', 'active', 'not revoked']), 'accepted'];
export const refused = [...ofNode(['401', 'inactive', 'revoked']), '401 invalid_token revoked'];
