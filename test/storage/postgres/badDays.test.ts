/**
 * The database has bad days (F2, F3): what a node that runs answers then, and what one line a start says. Never a stack, never
 * 500; and it goes on by itself when the day is over.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import t, { type Test } from 'tap';
import { startAuthority, type TestAuthority } from '../../support/authority.ts';
import { eventually } from '../../support/eventually.ts';
import { createHostileDatabase, type HostileDatabase } from '../../support/hostileDatabase.ts';
import { startPostgres } from '../../support/postgres.ts';
import { type RedisServer, startRedis } from '../../support/redis.ts';

t.setTimeout(170_000);

const key = randomBytes(32).toString('base64');

async function startOn(url: string, redis: RedisServer): Promise<TestAuthority & { end(): Promise<void> }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'day-'));
  const env = { DATABASE_URL: url, REDIS_URL: redis.url, KEY_ENCRYPTION_KEY: key };
  const authority = await startAuthority({ env, dataDir });
  return {
    ...authority,
    async end() {
      await authority.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function redisOf(t: Test): Promise<RedisServer> {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  return redis;
}

interface BadDay {
  readonly come: (database: HostileDatabase, server: HostileDatabase['query']) => Promise<unknown>;
  readonly pass: (database: HostileDatabase) => Promise<unknown>;
  /** In the log, and of a metric. */
  readonly reason: RegExp;
  readonly readiness: RegExp;
  /** Of a start. */
  readonly line: RegExp;
}

const days: Readonly<Record<string, BadDay>> = {
  'the password was changed': {
    come: async ({ query, role, cut }) => {
      await query(`ALTER ROLE ${role} PASSWORD 'another'`);
      await cut();
    },
    pass: ({ query, role, url }) => query(`ALTER ROLE ${role} PASSWORD '${new URL(url).password}'`),
    reason: /database_login_refused/,
    readiness: /login refused|without a lease|not renewed/,
    line: /^DATABASE_URL: .*refuses the login; has the password been changed\? \(.*\)$/,
  },
  'the role has no connection left': {
    come: async ({ query, role, cut }) => {
      await query(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
      await cut();
    },
    pass: ({ query, role }) => query(`ALTER ROLE ${role} CONNECTION LIMIT -1`),
    reason: /database_connections_exhausted/,
    readiness: /connections exhausted|without a lease|not renewed/,
    line: /^DATABASE_URL: .*no free connection; raise max_connections or the limit of the role/,
  },
  'a right was taken away': {
    come: ({ query, role }) =>
      query(`ALTER TABLE sessions OWNER TO postgres; REVOKE ALL ON sessions FROM ${role}`),
    pass: ({ query, role }) => query(`ALTER TABLE sessions OWNER TO ${role}`),
    reason: /database_rights_missing/,
    readiness: /ready/,
    line: /^DATABASE_URL: .*denies a required permission/,
  },
  'a table is not there': {
    come: ({ query }) => query('ALTER TABLE sessions RENAME TO gone'),
    pass: ({ query }) => query('ALTER TABLE gone RENAME TO sessions'),
    reason: /database_tables_missing/,
    readiness: /ready/,
    line: /^DATABASE_URL: .*lacks tables or functions that this version needs/,
  },
};

for (const [name, { come, pass, reason, readiness, line }] of Object.entries(days)) {
  t.test(name, async (t) => {
    const redis = await redisOf(t);
    const database = await createHostileDatabase(t, {});
    const node = await startOn(database.url, redis);
    t.teardown(() => node.end());
    await node.register('ada@example.com');
    const tokens = await node.login('ada@example.com');
    await come(database, database.query);
    // The first answers may still be those of a connection that was cut.
    const answer = await eventually('an answer is refused, and the log says why', async () => {
      const found = await node.refresh(tokens.refresh_token);
      return found.status !== 200 && reason.test(node.log()) ? found : undefined;
    });
    t.match({ status: answer.status, code: answer.body.code }, { status: 503, code: 'unavailable' });
    t.ok(Number(answer.headers.get('retry-after')) > 0, 'with a time to try again');
    const ready = await node.operations('GET', '/health/ready');
    t.match(`${ready.body.parts.database} ${ready.body.parts.deny_list}`, readiness, 'and so does readiness');
    const started = startOn(database.url, redis).then((second) => second.end());
    const error = await started.then(
      () => new Error('it started'),
      (fault: Error) => fault,
    );
    t.match(error, { name: /^(Unreachable|Startup)Error$/, message: line }, 'a start says what is wrong');
    t.notMatch(error.message, /\n/, 'in one line');
    await pass(database);
    await eventually(
      'the day is over',
      async () => (await node.login('ada@example.com').catch(() => undefined)) !== undefined,
    );
  });
}

t.test('the primary becomes a standby, and a primary again', async (t) => {
  const redis = await redisOf(t);
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const node = await startOn(server.url, redis);
  t.teardown(() => node.end());
  await node.register('ada@example.com');
  const { access_token, refresh_token } = await node.login('ada@example.com');
  await server.standBy();
  const login = await eventually('logins are refused', async () => {
    const found = await node.refresh(refresh_token);
    return found.status === 200 ? undefined : found;
  });
  t.equal(login.status, 503);
  const ready = await eventually('readiness says so', async () => {
    const { body } = await node.operations('GET', '/health/ready');
    return body.parts.database === 'read only' ? body : undefined;
  });
  t.match(ready, { status: 'not_ready' });
  t.equal(
    (await node.call('POST', '/auth/logout', { token: access_token })).status,
    503,
    'a logout is not answered as done',
  );
  await t.rejects(startOn(server.url, redis), {
    name: 'UnreachableError',
    message: /is a standby, which can only be read/,
  });
  await server.promote();
  await eventually('it goes on', async () => (await node.call('GET', '/health/ready')).status === 200);
  t.equal((await node.call('POST', '/auth/logout', { token: access_token })).status, 204);
  t.equal((await node.call('GET', '/auth/me', { token: access_token })).status, 401);
});

t.test('a role that may create nothing serves a migrated database', async (t) => {
  const redis = await redisOf(t);
  const database = await createHostileDatabase(t, {});
  const serving = `serving_${database.role}`;
  await database.query(`CREATE ROLE ${serving} LOGIN PASSWORD 'serving'`);
  t.teardown(() => database.query(`DROP OWNED BY ${serving}; DROP ROLE ${serving}`));
  const url = new URL(database.url);
  url.username = serving;
  url.password = 'serving';
  await t.rejects(
    startOn(url.href, redis),
    {
      name: 'StartupError',
      message:
        /^DATABASE_URL: the database lacks \d+ migration\(s\).*Run `countersign migrate` as the role that owns/,
    },
    'not before that',
  );
  const owner = await startOn(database.url, redis);
  await owner.end();
  await asOwner(database.url, grantsOf(serving));
  const node = await startOn(url.href, redis);
  t.teardown(() => node.end());
  await node.register('ada@example.com');
  const { access_token, refresh_token } = await node.login('ada@example.com');
  t.equal((await node.refresh(refresh_token)).status, 200);
  t.equal((await node.call('POST', '/auth/logout', { token: access_token })).status, 204);
  t.equal((await node.call('GET', '/auth/me', { token: access_token })).status, 401);
  t.equal(node.authority.doubt(), undefined, 'its canary lives');
  for (const sql of [
    'DROP TRIGGER audit_events_append_only ON audit_events',
    'ALTER TABLE audit_events DISABLE TRIGGER ALL',
    'CREATE TABLE x (id int)',
  ])
    await t.rejects(asOwner(url.href, [sql]), { code: '42501' }, `it may not: ${sql}`);
});

/** As docs/database.md lists them. */
function grantsOf(role: string): readonly string[] {
  return [
    `GRANT USAGE ON SCHEMA public TO ${role}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${role}`,
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
  ];
}

async function asOwner(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
