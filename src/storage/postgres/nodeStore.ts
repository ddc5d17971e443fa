import type { NodeList, NodeReport, NodeStore } from '../../revocation/propagation/liveNodes.ts';
import type { SqlConnection } from './engine.ts';
import { historySql } from './history.ts';
import { postgresLimits } from './limits.ts';
import type { OwnConnection } from './ownConnection.ts';
import type { PrismaConnection } from './transactions.ts';

/** `renewing` is only for the lease; `listing` for operations that wait for other nodes. */
export function createNodeStore(parts: { renewing: OwnConnection; listing: OwnConnection }): NodeStore {
  const { renewing, listing } = parts;
  return {
    register: ({ id, renewal, leaseMs, report }) =>
      renewing.use(async (sql) => {
        // One statement is one transaction: its answer means the commit.
        const [row] = await sql.query<{ now: Date }>(
          `INSERT INTO nodes (id, renewal, lease_ms, lease_until, report)
           VALUES ($1, $2, $3::int, clock_timestamp() + $3::int * interval '1 millisecond', $4)
               ON CONFLICT (id) DO UPDATE
              SET renewal = EXCLUDED.renewal, lease_ms = EXCLUDED.lease_ms, lease_until = EXCLUDED.lease_until,
                  report = EXCLUDED.report
           RETURNING clock_timestamp() AS now`,
          [id, renewal, leaseMs, report ?? null],
        );
        if (row === undefined) throw new Error('the node was not registered');
        return { ...(await list(sql)), databaseNow: row.now.getTime() };
      }),

    report: (id, { history, snapshot }) =>
      renewing.use(async (sql) => {
        await sql.query('UPDATE nodes SET history = $2, snapshot = $3 WHERE id = $1', [
          id,
          history,
          snapshot,
        ]);
      }),

    list: () => listing.use(list),

    remove: (id, renewal) =>
      renewing.use(async (sql) => {
        await sql.query('DELETE FROM nodes WHERE id = $1 AND renewal = $2', [id, renewal]);
      }),
  };
}

/** What nodes said of themselves with their last renewal. Not on the connections of the lease: operators can wait. */
export function createNodeReports(prisma: PrismaConnection): () => Promise<readonly NodeReport[]> {
  return () => prisma.$queryRaw<NodeReport[]>`
    SELECT id::text, report, 1000 * extract(epoch FROM clock_timestamp() - lease_until)::float8 + lease_ms AS "ageMs"
      FROM nodes WHERE report IS NOT NULL ORDER BY lease_until DESC LIMIT ${postgresLimits.reportedNodes}`;
}

interface Row {
  /** The database's, on every row. */
  readonly now_history: string;
  /** Null without nodes, like all following columns. */
  readonly id: string | null;
  readonly renewal: string;
  readonly lease_ms: number;
  readonly history: string | null;
  readonly snapshot: string | null;
}

async function list(sql: SqlConnection): Promise<NodeList> {
  const rows = await sql.query<Row>(
    `SELECT here.history AS now_history, n.id, n.renewal, n.lease_ms, n.history, n.snapshot::text AS snapshot
       FROM (SELECT ${historySql} AS history) AS here LEFT JOIN nodes AS n ON true`,
  );
  const nodes = rows.flatMap(({ id, renewal, lease_ms, history, snapshot }) => {
    if (id === null) return [];
    const position = history === null || snapshot === null ? undefined : { history, snapshot };
    return [{ id, renewal: Number(renewal), leaseMs: lease_ms, position }];
  });
  return { history: rows[0]?.now_history ?? '', nodes };
}
