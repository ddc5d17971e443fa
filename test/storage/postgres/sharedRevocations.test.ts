/** What many nodes share on a PostgreSQL server: the rows of the nodes, and revocations from position to position. */
import { randomUUID } from 'node:crypto';
import { covers, type Position } from '@countersign/verifier/revocation/position';
import type { Revocation, RevocationSnapshots } from '@countersign/verifier/revocation/revocation';
import t from 'tap';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import { createStorage } from '../../../src/storage/postgres/storage.ts';
import { createGate } from '../../support/denyListNode.ts';
import { eventually } from '../../support/eventually.ts';
import { createTestDatabase } from '../../support/postgres.ts';
import { newUser } from '../../support/rows.ts';
import { liveRevocations, openSharedDatabase, subjectsOf } from '../../support/sharedDatabase.ts';

const hour = 3_600_000;

/** Reads on from a position: what became visible, in pages, and the next position. */
async function readSince(snapshots: RevocationSnapshots, previous: Position) {
  const pages: (readonly Revocation[])[] = [];
  const position = await snapshots.read(async (snapshot) => {
    await snapshot.readSince(previous, (page) => void pages.push(page));
    return snapshot.position;
  });
  return { position, pages, rows: pages.flat() };
}

async function readLive(snapshots: RevocationSnapshots, now: number) {
  const pages: (readonly Revocation[])[] = [];
  await snapshots.read((snapshot) => snapshot.readLive(now, (page) => void pages.push(page)));
  return { pages, rows: pages.flat() };
}

const positionNow = (snapshots: RevocationSnapshots) => snapshots.read(async ({ position }) => position);

t.test('nodes register, are listed, report and are removed', async (t) => {
  const { nodes, openNode, connect } = await openSharedDatabase(t);
  const { history, nodes: none } = await nodes.list();
  t.strictSame(none, []);
  t.match(history, /^\d+\.0000000\d\.\d+\.\d+\.\d{16}$/);
  const [id, other] = [randomUUID(), randomUUID()];
  const registered = await nodes.register({ id, renewal: 1, leaseMs: 5_000 });
  const row = { id, renewal: 1, leaseMs: 5_000, position: undefined };
  t.strictSame([registered.nodes, registered.history], [[row], history]);
  t.ok(Math.abs(registered.databaseNow - Date.now()) < 5_000);
  t.strictSame(await openNode().nodes.list(), { history, nodes: [row] }, 'committed: everybody sees it');

  const position = { history, snapshot: '10:20:10,15' };
  await nodes.report(id, position);
  await nodes.report(other, position);
  t.strictSame((await nodes.list()).nodes, [{ ...row, position }], 'a report makes no row');
  const renewed = await nodes.register({ id, renewal: 2, leaseMs: 6_000 });
  t.strictSame(renewed.nodes, [{ id, renewal: 2, leaseMs: 6_000, position }], 'a renewal keeps it');
  const leases = await (await connect()).query(
    'SELECT extract(epoch FROM lease_until - clock_timestamp()) AS left FROM nodes',
  );
  t.ok(leases.rows[0].left > 1 && leases.rows[0].left <= 6, 'for an operator: by the clock of the database');

  await nodes.register({ id: other, renewal: 2 ** 53 - 1, leaseMs: 1 });
  t.equal((await nodes.list()).nodes.length, 2);
  await nodes.remove(id, 1);
  t.equal((await nodes.list()).nodes.length, 2, 'it has been renewed');
  await nodes.remove(id, 2);
  t.match(await nodes.list(), { nodes: [{ id: other, renewal: 2 ** 53 - 1 }] });
});

t.test('a transaction that commits late appears late, once, and is never skipped', async (t) => {
  const { snapshots, connect } = await openSharedDatabase(t);
  const [early, late] = [await connect(), await connect()];
  const insert = (client: typeof early, { subject, reason, expiresAt }: Revocation) =>
    client.query('INSERT INTO revocations VALUES ($1, $2, now(), $3)', [
      subject,
      reason,
      new Date(expiresAt),
    ]);
  const [one, two, three] = liveRevocations(3) as [Revocation, Revocation, Revocation];
  const start = await positionNow(snapshots);
  await late.query('BEGIN');
  await insert(late, one);
  await insert(early, two);

  const first = await readSince(snapshots, start);
  t.strictSame(first.rows, [two], 'the later one has committed, the earlier one has not');
  const second = await readSince(snapshots, first.position);
  t.strictSame(second.rows, []);
  await insert(early, three);
  await late.query('COMMIT');
  const third = await readSince(snapshots, second.position);
  t.strictSame(subjectsOf(third.rows), subjectsOf([one, three]));
  t.strictSame((await readSince(snapshots, third.position)).rows, []);
  t.strictSame(subjectsOf((await readSince(snapshots, start)).rows), subjectsOf([one, two, three]));
});

t.test(
  'four writers commit in any order: each row is read once, and positions say exactly which',
  async (t) => {
    const { snapshots, database } = await openSharedDatabase(t);
    const committed: { readonly subject: string; readonly transaction: string }[] = [];
    const write = async () => {
      for (let round = 0; round < 30; round += 1) {
        const rows = liveRevocations(1 + (round % 3));
        const transaction = await database.transaction(async ({ revocations, services }) => {
          const recorded = await revocations.record(rows.slice(0, 1), Date.now());
          // Something between, so that others overtake it.
          for (let pause = 0; pause < (round * 7) % 5; pause += 1) await services.list();
          await revocations.record(rows.slice(1), Date.now());
          return recorded?.transaction ?? '';
        });
        committed.push(...subjectsOf(rows).map((subject) => ({ subject, transaction })));
      }
    };
    const seen: string[] = [];
    const reads: { readonly position: Position; readonly count: number }[] = [];
    let position = await positionNow(snapshots);
    const read = async () => {
      const since = await readSince(snapshots, position);
      position = since.position;
      seen.push(...subjectsOf(since.rows));
      reads.push({ position, count: seen.length });
    };
    let writing = true;
    const writers = Promise.all([write(), write(), write(), write()]).finally(() => {
      writing = false;
    });
    while (writing) await read();
    await writers;
    await read();

    t.strictSame([...seen].sort(), committed.map(({ subject }) => subject).sort(), 'each, and once');
    t.ok(reads.length > 10, `${reads.length} reads`);
    const wrong = reads.filter(({ position: { snapshot }, count }) => {
      const covered = committed.filter(({ transaction }) => covers(snapshot, transaction));
      return (
        subjectsOfFirst(seen, count) !==
        covered
          .map(({ subject }) => subject)
          .sort()
          .join()
      );
    });
    t.strictSame(wrong, [], 'at each position it had read what that covers, and nothing else');
  },
);

function subjectsOfFirst(seen: readonly string[], count: number): string {
  return seen.slice(0, count).sort().join();
}

t.test('a revocation that is recorded again appears again, with its later expiry', async (t) => {
  const { snapshots, database } = await openSharedDatabase(t);
  const [row] = liveRevocations(1) as [Revocation];
  const { record } = database.revocations;
  await record([row], Date.now());
  const { position, rows } = await readSince(snapshots, {
    ...(await positionNow(snapshots)),
    snapshot: '3:3:',
  });
  t.strictSame(rows, [row]);
  const extended = { ...row, expiresAt: row.expiresAt + hour };
  const transaction = (await record([extended], Date.now()))?.transaction ?? '';
  const again = await readSince(snapshots, position);
  t.strictSame(again.rows, [extended]);
  t.ok(covers(again.position.snapshot, transaction) && !covers(position.snapshot, transaction));
  await record([row], Date.now());
  t.strictSame((await readSince(snapshots, again.position)).rows, [extended], 'never shortened');
});

t.test('recording answers the transaction that commits it', async (t) => {
  const { database, connect, nodes } = await openSharedDatabase(t);
  const client = await connect();
  const xids = async () => (await client.query('SELECT DISTINCT xid::text FROM revocations')).rows;
  t.equal(await database.revocations.record([], Date.now()), undefined, 'nothing');
  const lost = database.transaction(async ({ revocations }) => {
    await revocations.record(liveRevocations(1), Date.now());
    throw new Error('on purpose');
  });
  await t.rejects(lost, { message: 'on purpose' });
  t.strictSame(await xids(), []);
  const both = await database.transaction(async ({ revocations }) => [
    await revocations.record(liveRevocations(2), Date.now()),
    await revocations.record(liveRevocations(1), Date.now()),
  ]);
  t.strictSame(await xids(), [{ xid: both[0]?.transaction }]);
  t.strictSame(both[1], both[0], 'one transaction');
  t.equal(both[0]?.history, (await nodes.list()).history, 'and its history');
  const alone = await database.revocations.record(liveRevocations(1), Date.now());
  t.equal((await xids()).length, 2);
  t.ok(BigInt(alone?.transaction ?? 0) > BigInt(both[0]?.transaction ?? 0));
});

t.test('many come in pages, as they were at one moment', async (t) => {
  const { snapshots, connect, database } = await openSharedDatabase(t);
  const page = propagationLimits.revocationsPageRows;
  const client = await connect();
  const fill = (from: number, to: number) =>
    client.query(
      `INSERT INTO revocations SELECT decode(lpad(to_hex(n), 32, '0'), 'hex'), 'logout', now(), now() + interval '1 hour'
         FROM generate_series($1::int, $2::int) AS n`,
      [from, to],
    );
  let position = await positionNow(snapshots);
  for (const [count, sizes] of [
    [page - 1, [page - 1]],
    [page, [page]],
    [2 * page + 5, [page, page, 5]],
  ] as const) {
    await client.query('TRUNCATE revocations');
    await fill(1, count);
    const since = await readSince(snapshots, position);
    position = since.position;
    t.strictSame(
      since.pages.map((rows) => rows.length),
      sizes,
      `${count} since`,
    );
    const live = await readLive(snapshots, Date.now());
    t.strictSame(
      live.pages.map((rows) => rows.length),
      sizes,
      `${count} live`,
    );
    t.equal(new Set(subjectsOf(since.rows)).size, count);
    t.strictSame(subjectsOf(live.rows), subjectsOf(since.rows));
  }

  const late = liveRevocations(3);
  let rows = 0;
  await snapshots.read((snapshot) =>
    snapshot.readLive(Date.now(), async (read) => {
      if (rows === 0) await database.revocations.record(late, Date.now());
      rows += read.length;
    }),
  );
  t.equal(rows, 2 * page + 5, 'what is committed between two pages is of a later moment');
  t.strictSame(subjectsOf((await readSince(snapshots, position)).rows), subjectsOf(late));
  const failed = snapshots.read((snapshot) =>
    snapshot.readLive(Date.now(), () => Promise.reject(new Error('full'))),
  );
  await t.rejects(failed, { message: 'full' });
  t.strictSame((await readSince(snapshots, position)).rows.length, 3, 'a reader that fails spoils nothing');
});

t.test('other tables are another history, also in the same database', async (t) => {
  const own = await createTestDatabase();
  t.teardown(() => own.drop());
  const { database, snapshots, connect, nodes } = await openSharedDatabase(t, own.url);
  const other = await openSharedDatabase(t, `${own.url}?schema=other`);
  const position = await positionNow(snapshots);
  t.not((await positionNow(other.snapshots)).history, position.history);
  await t.rejects(readSince(other.snapshots, position), { name: 'HistoryError' });
  const marks = await Promise.all(
    [database, other.database].map(({ revocations }) => revocations.record(liveRevocations(1), Date.now())),
  );
  t.equal(marks[0]?.history, position.history);
  t.not(marks[1]?.history, position.history, 'a commit says which tables it changed');

  const client = await connect();
  await client.query('ALTER TABLE revocations RENAME TO former');
  await client.query('CREATE TABLE revocations (LIKE former INCLUDING ALL)');
  t.not((await positionNow(snapshots)).history, position.history, 'a table that took its place');
  t.not((await nodes.list()).history, position.history, 'and nodes see it when they renew');
});

t.test('positions of another history, and texts that are none, are refused', async (t) => {
  const { snapshots } = await openSharedDatabase(t);
  const position = await positionNow(snapshots);
  const other = await openSharedDatabase(t);
  const foreign = await positionNow(other.snapshots);
  t.not(foreign.history, position.history, 'another database of the same server');
  await t.rejects(readSince(snapshots, foreign), { name: 'HistoryError' });
  for (const snapshot of ['', '1:2', "1:2:' OR true --", '1:2:3)']) {
    await t.rejects(readSince(snapshots, { ...position, snapshot }), snapshot);
  }
  // What would be a statement.
  const injected = "1:2:'::pg_snapshot) IS NULL OR pg_visible_in_snapshot('5'::xid8, '1:2:";
  await t.rejects(readSince(snapshots, { ...position, snapshot: injected }), { name: 'RangeError' });
  t.strictSame((await readSince(snapshots, position)).rows, [], 'and it goes on');
});

t.test('one at a time', async (t) => {
  const { slowSnapshots: mine, openNode, connect } = await openSharedDatabase(t);
  const { slowSnapshots: other } = openNode();
  const client = await connect();
  // The server notices a moment later that a connection has gone.
  const letsIn = (when: string) => eventually(when, () => other.readAlone('pruning', async () => true));
  const answers = await mine.readAlone('reconciling', async () => [
    await other.readAlone('reconciling', async () => 'let in'),
    await other.readAlone('pruning', async () => 'another task'),
  ]);
  t.strictSame(answers, [undefined, 'another task']);
  t.equal(await other.readAlone('reconciling', async () => 'let in'), 'let in', 'when it is done');
  await t.rejects(
    mine.readAlone('pruning', () => Promise.reject(new Error('full'))),
    { message: 'full' },
  );
  await letsIn('when it failed');
  const cut = mine.readAlone('pruning', async () => {
    await client.query(
      "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
    );
    return 'done';
  });
  await t.rejects(cut, 'whose connection was cut');
  await letsIn('when it is gone');
});

t.test('a node that stands still in a transaction does not keep its rows locked', async (t) => {
  const { database, engine } = await openSharedDatabase(t);
  const user = await newUser(createStorage(engine));
  const { gate, open } = createGate();
  let locked = false;
  const standingStill = database.transaction(async ({ users }) => {
    await users.lock(user.id);
    locked = true;
    await gate;
  });
  const lost = t.rejects(standingStill, 'its own transaction has been ended');
  await eventually('the row is locked', () => locked);
  await database.transaction(({ users }) => users.lock(user.id));
  open();
  await lost;
});
