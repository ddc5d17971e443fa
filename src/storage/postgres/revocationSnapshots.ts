/** Reads revocations at one moment with its position: one transaction, one snapshot, any number of rows. */

import { type Position, requireSameHistory } from '@countersign/verifier/revocation/position';
import type {
  Revocation,
  RevocationSnapshot,
  RevocationSnapshots,
  SoleTask,
} from '@countersign/verifier/revocation/revocation';
import { propagationLimits } from '../../revocation/propagation/limits.ts';
import { type CountRow, countLiveSql, fromCountRow, noCanarySql } from './countLive.ts';
import type { SqlConnection } from './engine.ts';
import { historySql } from './history.ts';
import type { OwnConnection } from './ownConnection.ts';

/** Task → advisory lock number, unique in this database and combined with the schema: the bytes of "csg1", "csg2", "csg9". */
const locks: Record<SoleTask, number> = { reconciling: 0x63736731, pruning: 0x63736732, saving: 0x63736739 };

export function createRevocationSnapshots(connection: OwnConnection): RevocationSnapshots {
  return {
    read: (work) => connection.use((sql) => inTransaction(sql, async () => work(await snapshotOf(sql)))),

    readAlone: (task, work) =>
      connection.use((sql) =>
        inTransaction(sql, async () => {
          const take = 'SELECT pg_try_advisory_xact_lock($1, hashtext(current_schema())) AS held';
          const [row] = await sql.query<{ held: boolean }>(take, [locks[task]]);
          return row?.held === true ? work(await snapshotOf(sql)) : undefined;
        }),
      ),
  };
}

async function inTransaction<T>(sql: SqlConnection, work: () => Promise<T>): Promise<T> {
  await sql.execute('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  // When the work fails, the connection is abandoned with its transaction.
  const result = await work();
  await sql.execute('COMMIT');
  return result;
}

async function snapshotOf(sql: SqlConnection): Promise<RevocationSnapshot> {
  const [row] = await sql.query<Position & { now: Date }>(
    `SELECT ${historySql} AS history, pg_current_snapshot()::text AS snapshot, now() AS now`,
  );
  if (row === undefined) throw new Error('the database answered no position');
  const position = { history: row.history, snapshot: row.snapshot };
  return {
    position,
    now: row.now.getTime(),
    async readSince(previous, onPage) {
      requireSameHistory(previous, position);
      return readAll(sql, newSince(previous), onPage);
    },
    readLive: (now, onPage) => readAll(sql, liveAt(now), onPage),
    async findCanary(subject, by) {
      if ('since' in by) requireSameHistory(by.since, position);
      const where = 'since' in by ? newSince(by.since) : liveAt(by.now);
      const rows = await sql.query<Row>(`${columns} WHERE ${where} AND subject = $1`, [Buffer.from(subject)]);
      return rows.map(fromRow)[0];
    },
    async countLive(now, sliceMs) {
      const rows = await sql.query<CountRow>(countLiveSql(earlier(now), sliceMs));
      return rows.map((row) => fromCountRow(row, sliceMs));
    },
  };
}

function newSince({ snapshot }: Position): string {
  return `xid >= pg_snapshot_xmin(${literal(snapshot)}) AND NOT pg_visible_in_snapshot(xid, ${literal(snapshot)})`;
}

function liveAt(now: number): string {
  return `expires_at > ${earlier(now)}`;
}

/** A cursor's query takes no parameters. */
function literal(snapshot: string): string {
  if (!/^[\d:,]+$/.test(snapshot)) throw new RangeError(`not a snapshot: ${JSON.stringify(snapshot)}`);
  return `'${snapshot}'::pg_snapshot`;
}

/** The earlier of our clock and the database's: a fast one must not hide live rows. */
function earlier(now: number): string {
  return `LEAST(to_timestamp(${now / 1000}), now())`;
}

const columns = 'SELECT subject, reason, expires_at FROM revocations';

interface Row {
  readonly subject: Uint8Array;
  readonly reason: string;
  readonly expires_at: Date;
}

async function readAll(
  sql: SqlConnection,
  where: string,
  onPage: (page: readonly Revocation[]) => Promise<void> | void,
): Promise<void> {
  const fetch = `FETCH ${propagationLimits.revocationsPageRows} FROM news`;
  const declare = `DECLARE news NO SCROLL CURSOR FOR ${columns} WHERE ${where} AND ${noCanarySql}`;
  let rows = (await sql.execute<Row>(`${declare}; ${fetch}`)).at(-1) ?? [];
  while (rows.length > 0) {
    await onPage(rows.map(fromRow));
    if (rows.length < propagationLimits.revocationsPageRows) break;
    rows = (await sql.execute<Row>(fetch)).at(-1) ?? [];
  }
  await sql.execute('CLOSE news');
}

function fromRow({ subject, reason, expires_at }: Row): Revocation {
  return { subject, reason, expiresAt: expires_at.getTime() };
}
