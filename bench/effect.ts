/** Three nodes, a PostgreSQL and a Redis, all real processes: how long a logout takes, and what a restart costs. */
import { randomBytes } from 'node:crypto';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { password } from '../test/support/authority.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { type RedisServer, startRedis } from '../test/support/redis.ts';
import { startServer, type TestServer } from '../test/support/server.ts';
import { durable } from './durable.ts';
import { atMost, median, type Row } from './measure.ts';
import { waitForCopy } from './redisCopy.ts';

const logouts = 1_000;
const many = 1_000_000;
const email = 'alice@example.com';

export async function effectRows(): Promise<readonly Row[]> {
  const postgres = await startPostgres(durable);
  const redis = await startRedis();
  const env = {
    DATABASE_URL: postgres.url,
    REDIS_URL: redis.url,
    KEY_ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
  const start = async () => startServer(await mkdtemp(join(tmpdir(), 'node-')), env);
  try {
    return [...(await logoutRows(start, redis)), ...(await restartRows(start, redis, postgres.url))];
  } finally {
    await Promise.all([postgres.stop(), redis.stop()]);
  }
}

type Start = () => Promise<TestServer>;

async function logoutRows(start: Start, redis: RedisServer): Promise<Row[]> {
  const nodes = [await start(), await start(), await start()];
  const plain = new Redis(redis.port);
  try {
    const node = (index: number) => nodes[index % nodes.length] as TestServer;
    await node(0).call('POST', '/auth/register', { body: { email, password } });
    const took: number[] = [];
    const pings: number[] = [];
    for (let count = -50; count < logouts; count += 1) {
      const login = await node(count + 50).call('POST', '/auth/login', { body: { email, password } });
      const ping = await time(() => plain.ping());
      const logout = await time(() =>
        node(count + 51).call('POST', '/auth/logout', { token: login.body.access_token }),
      );
      if (count < 0) continue;
      pings.push(ping);
      took.push(logout);
    }
    const [p50, roundTrip] = [median(took), median(pings)];
    const p99 = [...took].sort((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? Number.NaN;
    return [
      row(`logout → in effect on 3 nodes, p50 of ${logouts}`, roundTrip, p50, 10),
      row(`logout → in effect on 3 nodes, p99 of ${logouts}`, roundTrip, p99, 50),
    ];
  } finally {
    plain.disconnect();
    for (const node of nodes) await node.stop();
  }
}

function row(what: string, roundTrip: number, ours: number, reach: number): Row {
  const yardstick = `${roundTrip.toFixed(2)} ms (PING of Redis)`;
  return {
    ...{ what, yardstick, ours: `${ours.toFixed(2)} ms`, ratio: (ours / roundTrip).toFixed(1) },
    ...{ reach: `≤ ${reach} ms`, verdict: atMost(ours, reach) },
  };
}

async function restartRows(start: Start, redis: RedisServer, databaseUrl: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`
    INSERT INTO revocations (subject, reason, created_at, expires_at)
    SELECT decode(md5(i::text), 'hex'), 'logout', now(), now() + interval '1 second' * (i % 900 + 120)
      FROM generate_series(1, ${many}) AS i`);
  await client.end();
  await redis.command('FLUSHALL');
  const before = await usedMemory(redis);

  let node: TestServer | undefined;
  const fromPostgres = await time(async () => {
    node = await start();
  });
  const copied = await time(() => waitForCopy(redis));
  const bytes = ((await usedMemory(redis)) - before) / many;
  await node?.stop();
  const fromRedis = await time(async () => {
    node = await start();
  });
  await node?.stop();
  const seconds = (milliseconds: number) => `${(milliseconds / 1000).toFixed(1)} s`;
  const about = { yardstick: '–', ratio: '–' };
  return [
    {
      what: 'restart with 1 M revocations, from Redis',
      ...about,
      ours: seconds(fromRedis),
      reach: '≤ 10 s',
      verdict: atMost(fromRedis, 10_000),
    },
    {
      what: 'restart with 1 M revocations, from PostgreSQL',
      ...about,
      ours: seconds(fromPostgres),
      reach: '≤ 30 s',
      verdict: atMost(fromPostgres, 30_000),
    },
    {
      what: 'filling an empty Redis with 1 M revocations',
      ...about,
      ours: seconds(copied),
      reach: 'for information',
      verdict: '',
    },
    {
      what: 'Redis memory per revocation, 1 M',
      yardstick: '149 bytes (string key with TTL)',
      ours: `${bytes.toFixed(1)} bytes`,
      ratio: (bytes / 149).toFixed(2),
      reach: '≤ 80 bytes',
      verdict: atMost(bytes, 80),
    },
  ];
}

async function usedMemory(redis: RedisServer): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(String(await redis.command('INFO', 'memory')))?.[1]);
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}
