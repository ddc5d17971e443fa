/**
 * A server that crashes forgets the ids of transactions whose end had not been written, and uses them again. To a reader
 * that knew their end, the new transactions would seem to be over: what they commit must be read all the same.
 */

import type { Position } from '@countersign/verifier/revocation/position';
import t from 'tap';
import { eventually } from '../support/eventually.ts';
import { startPostgres } from '../support/postgres.ts';
import { liveRevocations, openSharedDatabase, subjectsOf } from '../support/sharedDatabase.ts';

const crashes = {
  'the server is killed': 'server',
  'one process of the server is killed, and it starts the others again': 'process',
} as const;

for (const [what, victim] of Object.entries(crashes)) {
  t.test(what, async (t) => {
    const server = await startPostgres();
    t.teardown(() => server.stop());
    const { database, snapshots, nodes, connect } = await openSharedDatabase(t, server.url);
    const positionNow = () => snapshots.read(async ({ position }) => position);
    const next = async () => BigInt(await nextTransaction(await connect()));

    const crash = async () => {
      if (victim === 'server') {
        await server.kill('SIGKILL');
        await server.start();
        return;
      }
      const client = await connect();
      const [row] = (await client.query('SELECT pg_backend_pid() AS pid')).rows;
      const gone = new Promise((resolve) => client.once('end', resolve));
      process.kill(row.pid, 'SIGKILL');
      await gone;
    };

    /** A position after which ids were used again; the server may have written them before it crashed. */
    const positionBeforeReuse = async (): Promise<Position | undefined> => {
      const client = await connect();
      for (let rolledBack = 0; rolledBack < 20; rolledBack += 1) {
        await client.query('BEGIN');
        await client.query('SELECT pg_current_xact_id()');
        await client.query('ROLLBACK');
      }
      const position = await positionNow();
      await crash();
      const [, xmax = ''] = position.snapshot.split(':');
      const first = await eventually('the server is back', next);
      return first + 1n < BigInt(xmax) ? position : undefined;
    };

    const before = await eventually('ids are used again', positionBeforeReuse, 60_000);
    const rows = liveRevocations(1);
    await eventually('it is recorded', () => database.revocations.record(rows, Date.now()));
    const { history } = await eventually('nodes are listed', nodes.list);
    t.not(history, before.history, 'so it is another history, and whoever followed the old one loads again');
    const since = (snapshot: string) =>
      snapshots.read(async (now) => {
        const found: string[] = [];
        await now.readSince({ history, snapshot }, (page) => void found.push(...subjectsOf(page)));
        return found;
      });
    t.strictSame(await eventually('it reads', () => since('3:3:')), subjectsOf(rows));
    await t.rejects(since(before.snapshot), { name: 'HistoryError' }, 'nor is it a position of this one');
    t.equal((await nodes.list()).history, history, 'without a crash it stays the same one');
  });
}

t.test('a server that was promoted goes on in another history', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const { nodes, snapshots, database } = await openSharedDatabase(t, server.url);
  const { history } = await nodes.list();
  await server.promote();
  const promoted = await eventually('nodes are listed', nodes.list);
  t.not(promoted.history, history);
  const since = await eventually('it reads', () => snapshots.read(async ({ position }) => position));
  t.equal(since.history, promoted.history);
  await t.rejects(
    snapshots.read((snapshot) => snapshot.readSince({ ...since, history }, () => {})),
    { name: 'HistoryError' },
  );
  t.equal((await database.revocations.record(liveRevocations(1), Date.now()))?.history, promoted.history);
});

t.test('a server that was shut down uses no id again, and keeps its history', async (t) => {
  const server = await startPostgres();
  t.teardown(() => server.stop());
  const { nodes } = await openSharedDatabase(t, server.url);
  const { history } = await nodes.list();
  await server.kill('SIGINT');
  await server.start();
  t.equal((await eventually('nodes are listed', nodes.list)).history, history);
});

async function nextTransaction(client: {
  query(sql: string): Promise<{ rows: { id: string }[] }>;
}): Promise<string> {
  const { rows } = await client.query('SELECT pg_current_xact_id()::text AS id');
  return rows[0]?.id as string;
}
