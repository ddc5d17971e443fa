import { Prisma } from './generated/client.ts';

/**
 * SQL for `milliseconds` before the earlier of `now` and the database's clock: rows before it expired by both, so a fast node
 * deletes nothing early. A subquery, evaluated once: a per-row expression could not use an index.
 */
export function beforeEither(now: number, milliseconds = 0): Prisma.Sql {
  return Prisma.sql`(SELECT LEAST(${new Date(now)}::timestamptz, clock_timestamp())
    - ${milliseconds}::float8 * interval '1 millisecond')`;
}
