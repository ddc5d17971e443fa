/** A connection that is cut or hangs is given up in time, and the next use has a new one. */
import { randomUUID } from 'node:crypto';
import t, { type Test } from 'tap';
import { openEngine } from '../../../src/storage/postgres/engine.ts';
import { createOwnConnection } from '../../../src/storage/postgres/ownConnection.ts';
import { eventually } from '../../support/eventually.ts';
import { startPostgres } from '../../support/postgres.ts';
import { openSharedDatabase } from '../../support/sharedDatabase.ts';

const timeoutMs = 500;
/** For what takes at most the time-out, on a machine that is busy. */
const soon = 10_000;

async function setUp(t: Test) {
  const shared = await openSharedDatabase(t);
  const own = createOwnConnection(shared.engine, { queryMs: timeoutMs });
  t.teardown(() => own.close());
  const pid = () =>
    own.use(
      async (sql) => (await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'))[0]?.pid as number,
    );
  return { ...shared, own, pid };
}

/** Milliseconds until it rejects. */
async function rejectionTime(t: Test, work: Promise<unknown>, what: string): Promise<number> {
  const start = performance.now();
  await t.rejects(work, what);
  return performance.now() - start;
}

t.test('it is kept, and its work is done one piece at a time', async (t) => {
  const { own, pid } = await setUp(t);
  t.equal(await pid(), await pid(), 'the same one');
  const order: string[] = [];
  const work = (name: string) =>
    own.use(async (sql) => {
      order.push(`${name} begins`);
      await sql.query('SELECT pg_sleep(0.02)');
      order.push(`${name} ends`);
    });
  await Promise.all([work('one'), work('two'), work('three')]);
  t.strictSame(order, ['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends']);
});

t.test('after a failure the next piece begins on a new one', async (t) => {
  const { own, pid, connect } = await setUp(t);
  const before = await pid();
  const open = own.use(async (sql) => {
    await sql.execute('BEGIN; CREATE TABLE half (id int)');
    throw new Error('on purpose');
  });
  await t.rejects(open, { message: 'on purpose' }, 'the fault of the work');
  t.not(await pid(), before);
  const found = await own.use((sql) => sql.query("SELECT to_regclass('half') AS half"));
  t.strictSame(found, [{ half: null }], 'and what it had begun is gone');
  const admin = await connect();
  const gone = async () =>
    (await admin.query('SELECT FROM pg_stat_activity WHERE pid = $1', [before])).rowCount === 0;
  t.ok(await eventually('the old one is closed', gone));
});

t.test('one that was cut while nobody used it costs one use', async (t) => {
  const { nodes, snapshots, pid, connect } = await setUp(t);
  const admin = await connect();
  const cut = () =>
    admin.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    );
  const register = () => nodes.register({ id: randomUUID(), renewal: 1, leaseMs: 1 });
  const uses: Record<string, () => Promise<unknown>> = {
    pid,
    list: nodes.list,
    register,
    read: () => snapshots.read(async () => {}),
  };
  for (const [name, use] of Object.entries(uses)) {
    await use();
    await cut();
    await use().catch(() => {});
    await t.resolves(use(), name);
  }
});

t.test('a query that does not end is given up in time', async (t) => {
  const { own, pid } = await setUp(t);
  const before = await pid();
  const sleep = () => own.use((sql) => sql.query('SELECT pg_sleep(60)'));
  t.ok((await rejectionTime(t, sleep(), 'a query')) < soon);
  t.not(await pid(), before, 'and the next one is answered');
  const script = own.use((sql) => sql.execute('BEGIN; SELECT pg_sleep(60)'));
  t.ok((await rejectionTime(t, script, 'a script')) < soon);
  await t.resolves(pid());
});

t.test('neither a connection nor a server that is frozen is waited for', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const engine = await openEngine('', server.url);
  t.teardown(() => engine.close());
  const own = createOwnConnection(engine, { queryMs: timeoutMs });
  const pid = () =>
    own.use(
      async (sql) => (await sql.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'))[0]?.pid as number,
    );
  const before = await pid();
  process.kill(before, 'SIGSTOP');
  t.teardown(() => process.kill(before, 'SIGCONT'));
  t.ok((await rejectionTime(t, pid(), 'a frozen connection')) < soon);
  t.not(await pid(), before);

  await own.use((sql) => sql.query('SELECT 1 / 0')).catch(() => {});
  process.kill(server.pid, 'SIGSTOP');
  try {
    t.ok((await rejectionTime(t, pid(), 'a frozen server')) < soon);
  } finally {
    process.kill(server.pid, 'SIGCONT');
  }
  await t.resolves(pid(), 'it answers again');
  await own.close();
});

t.test('closing breaks off what is going on', async (t) => {
  const { engine, connect } = await setUp(t);
  const own = createOwnConnection(engine, { queryMs: timeoutMs });
  const order: string[] = [];
  const work = own.use(async (sql) => {
    await sql.query("SET application_name = 'to be closed'");
    order.push('works');
    await sql.query('SELECT pg_sleep(0.4)');
    order.push('worked');
  });
  const brokenOff = t.rejects(work);
  await eventually('it works', () => order.length > 0);
  await own.close();
  await brokenOff;
  t.strictSame(order, ['works']);
  await t.rejects(
    own.use(async () => {}),
    /closed/,
    'and nothing begins any more',
  );
  const admin = await connect();
  const gone = async () =>
    (await admin.query("SELECT FROM pg_stat_activity WHERE application_name = 'to be closed'")).rowCount ===
    0;
  t.ok(await eventually('its connection is gone', gone));
});
