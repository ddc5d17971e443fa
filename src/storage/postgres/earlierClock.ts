import { Prisma } from './generated/client.ts';

/**
 * SQL for `milliseconds` before `now` or before the database's clock, whichever is earlier: what is forgotten by it was over
 * by both, so that a node whose clock hurries forgets nothing. A subquery, since that is read once: an index is of no use for
 * what has to be asked of each row anew.
 */
export function beforeEither(now: number, milliseconds = 0): Prisma.Sql {
  return Prisma.sql`(SELECT LEAST(${new Date(now)}::timestamptz, clock_timestamp())
    - ${milliseconds}::float8 * interval '1 millisecond')`;
}
