/**
 * The canary: what somebody changes under a node is noticed by it. With connections that are set by us, nothing is to be
 * noticed; without that, each change is a contradiction, and nothing is answered any more.
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { openEngine } from '../../src/storage/postgres/engine.ts';
import { createPeerCheck } from '../../src/truth/proveTruth.ts';
import { createTruth } from '../../src/truth/truth.ts';
import { startAuthority, type TestAuthority } from '../support/authority.ts';
import { statusOf } from '../support/clients.ts';
import { eventually } from '../support/eventually.ts';
import { createHostileDatabase, type HostileDatabase } from '../support/hostileDatabase.ts';
import { createManualClock } from '../support/manualClock.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

const key = randomBytes(32).toString('base64');
const withoutPins: typeof openEngine = (dataDir, url) => openEngine(dataDir, url, { pin: async () => {} });

async function startOn(
  t: Test,
  { url }: HostileDatabase,
  redis: RedisServer,
  openDatabase = openEngine,
  dataDir?: string,
): Promise<TestAuthority> {
  const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'canary-')));
  const env = { DATABASE_URL: url, REDIS_URL: redis.url, KEY_ENCRYPTION_KEY: key };
  const authority = await startAuthority({ env, openDatabase, dataDir: folder });
  t.teardown(async () => {
    await authority.stop();
    await rm(folder, { recursive: true, force: true });
  });
  return authority;
}

/** Until the connections that were cut are made again: what cannot be asked proves nothing. */
const prove = ({ authority }: TestAuthority) =>
  eventually('a round is done', () =>
    authority.prove().then(
      () => true,
      () => false,
    ),
  );

/** Raw SQL is led there, models are not. */
const secondSetOfTables = async ({ query, role }: HostileDatabase) => {
  const tables = await query("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'");
  await query(`CREATE SCHEMA ${role} AUTHORIZATION ${role}`);
  for (const { name } of tables)
    await query(`CREATE TABLE ${role}.${name} (LIKE public.${name} INCLUDING ALL)`);
  await query(`INSERT INTO ${role}._prisma_migrations SELECT * FROM public._prisma_migrations`);
  await query(`GRANT ALL ON ALL TABLES IN SCHEMA ${role} TO ${role}`);
};

const changes: Readonly<Record<string, (database: HostileDatabase) => Promise<void>>> = {
  'a time zone': ({ change }) => change({ database: { timezone: "'Europe/Berlin'" } }),
  'a time zone on the other side': ({ change }) => change({ role: { timezone: "'America/Los_Angeles'" } }),
  'a second set of tables': secondSetOfTables,
};

t.test('changes that a node without settings of its own notices', async (t) => {
  for (const [what, change] of Object.entries(changes)) {
    t.test(what, async (t) => {
      const [redis, database] = [await startRedis(), await createHostileDatabase(t, {})];
      t.teardown(() => redis.stop());
      const pinned = await startOn(t, database, redis);
      await pinned.register('ada@example.com');
      const tokens = await pinned.login('ada@example.com');
      await change(database);
      await prove(pinned);
      t.equal(pinned.authority.doubt(), undefined, 'ours are set, and see nothing of it');
      t.equal((await pinned.call('GET', '/auth/me', { token: tokens.access_token })).status, 200);
    });
    t.test(`${what}, without our settings`, async (t) => {
      const [redis, database] = [await startRedis(), await createHostileDatabase(t, {})];
      t.teardown(() => redis.stop());
      const node = await startOn(t, database, redis, withoutPins);
      await node.register('ada@example.com');
      const tokens = await node.login('ada@example.com');
      await prove(node);
      t.equal(node.authority.doubt(), undefined, 'all is well');
      await change(database);
      await prove(node);
      t.match(node.authority.doubt(), /othing is served/, 'it is noticed');
      await nothingIsServed(t, node, tokens.access_token);
    });
  }
});

async function nothingIsServed(t: Test, node: TestAuthority, token: string): Promise<void> {
  const me = await node.call('GET', '/auth/me', { token });
  t.match({ status: me.status, code: me.body.code }, { status: 503, code: 'unavailable' }, 'HTTP says 503');
  t.ok(Number(me.headers.get('retry-after')) > 0, 'and when to try again');
  const login = await node.call('POST', '/auth/login', { body: { email: 'ada@example.com', password: 'x' } });
  t.equal(login.status, 503, 'so does a login');
  t.equal(await statusOf(node.grpc.introspect(token)), 'UNAVAILABLE', 'and gRPC');
  const ready = await node.operations('GET', '/health/ready');
  t.equal(ready.status, 503);
  t.match(ready.body.parts.truth, /^the database /, 'readiness says why');
  t.match(node.log(), /"level":"error".*othing is served/, 'and so does one line of the log');
}

t.test('what was written is not there any more', async (t) => {
  for (const [what, sql] of Object.entries({
    'a revocation': 'DELETE FROM revocations',
    'a session': 'DELETE FROM sessions',
    'what was written to a session': 'UPDATE sessions SET generation = generation - 1',
  })) {
    t.test(what, async (t) => {
      const [redis, database] = [await startRedis(), await createHostileDatabase(t, {})];
      t.teardown(() => redis.stop());
      const node = await startOn(t, database, redis);
      await node.register('ada@example.com');
      const { access_token } = await node.login('ada@example.com');
      await database.query(sql);
      await prove(node);
      t.match(node.authority.doubt(), /older than what was seen.*countersign restored/, 'it is noticed');
      await nothingIsServed(t, node, access_token);
    });
  }
});

t.test('it is in no list, no copy and no audit log', async (t) => {
  const redis = await startRedis();
  t.teardown(() => redis.stop());
  const database = await createHostileDatabase(t, {});
  const node = await startOn(t, database, redis);
  const other = await startOn(t, database, redis);
  await prove(node);
  await prove(other);
  const [{ canaries } = {}] = await database.query(
    "SELECT count(*)::int AS canaries FROM revocations WHERE reason = 'canary'",
  );
  t.equal(canaries, 2, 'one row of each node, however many rounds');
  const [{ events } = {}] = await database.query(
    'SELECT count(*)::int AS events FROM audit_events WHERE user_id IS NOT NULL',
  );
  t.equal(events, 0, 'no event tells of it');
  await eventually('the nodes have renewed and copied', async () => {
    const lines = (await node.operations('GET', '/metrics')).body as string;
    return /countersign_projection_lag_seconds 0/.test(lines);
  });
  t.match((await node.operations('GET', '/metrics')).body, /countersign_deny_list_entries 0\n/);
  t.match((await other.operations('GET', '/metrics')).body, /countersign_effect_seconds_count 0\n/);
  t.strictSame(await redis.command('KEYS', '*:set:*'), [], 'nor does Redis hold it');
  const { revoke } = node.authority.operations;
  const ended = await revoke({ clientId: 'canary' }, { name: 'operator' });
  t.equal(ended.endedSessions, 0, 'nobody else ends it');
  await prove(node);
  t.equal(node.authority.doubt(), undefined);
});

t.test('a canary of another node that is not in our database', async (t) => {
  const clock = createManualClock(0);
  const truth = createTruth({ clock, onChange: () => {} });
  let rows: { subject: Uint8Array; reason: string; expiresAt: number }[] = [];
  const check = createPeerCheck({
    find: async () => rows,
    truth,
    clock,
    onFault: (error) => t.fail(String(error)),
  });
  const canary = { subject: randomBytes(16), reason: 'canary', expiresAt: 3_600_000 };
  check('other', canary);
  await clock.settle();
  t.ok(truth.trusted(), 'not at once');
  await clock.advance(500);
  await clock.settle();
  t.match(truth.doubt(), { kind: 'contradiction', what: /node other/ });
  rows = [canary];
  check('other', canary);
  await clock.settle();
  t.ok(truth.trusted(), 'over when the next one is found');
  rows = [{ ...canary, expiresAt: 3_599_999 }];
  check('other', canary);
  await clock.settle();
  await clock.advance(500);
  await clock.settle();
  t.notOk(truth.trusted(), 'one of an earlier round is not it');
  await clock.advance(90_000);
  t.ok(truth.trusted(), 'a node that is gone says nothing any more');
});
