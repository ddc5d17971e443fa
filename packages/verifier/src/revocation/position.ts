/**
 * How far a reader has come in the truth. Transactions commit out of order, so a number that only grows would skip
 * rows for ever; a snapshot says exactly which transactions were visible (PostgreSQL, `pg_current_snapshot()`).
 */

export interface Position {
  /** Names one history of one database, in which no id of a transaction is used twice. Positions of two do not compare. */
  readonly history: string;
  /** `xmin:xmax:xip,…`: every transaction below xmin was over, none from xmax on had begun, those listed were open. */
  readonly snapshot: string;
}

/** The id of a transaction (`xid8`), in decimal: it never wraps around. */
export type TransactionId = string;

/** A transaction that has committed, in the history of the database that it committed in. */
export interface CommitMark {
  readonly history: string;
  readonly transaction: TransactionId;
}

/** A position of another history, or one that this history has not come to: memory must be loaded anew. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
}

const shape = /^(\d+):(\d+):((?:\d+(?:,\d+)*)?)$/;

/**
 * Throws `HistoryError` unless `later` may follow on `earlier`. A server that was put back to an earlier state, in a way that
 * nothing else shows, has not given out the ids yet that the earlier reader knew of.
 */
export function requireSameHistory(earlier: Position, later: Position): void {
  const nextId = ({ snapshot }: Position) => BigInt(snapshot.split(':')[1] ?? '');
  if (earlier.history !== later.history || nextId(earlier) > nextId(later)) {
    throw new HistoryError(
      `the database is at ${later.history} ${later.snapshot}, not beyond ${earlier.history} ${earlier.snapshot}`,
    );
  }
}

/** Whether a reader at this snapshot has seen what the transaction committed. Throws `RangeError` for other texts. */
export function covers(snapshot: string, transaction: TransactionId): boolean {
  const match = shape.exec(snapshot);
  if (match === null) throw new RangeError(`not a snapshot: ${JSON.stringify(snapshot)}`);
  const [, xmin = '', xmax = '', open = ''] = match;
  const id = BigInt(transaction);
  if (id < BigInt(xmin)) return true;
  if (id >= BigInt(xmax)) return false;
  return !open.split(',').includes(transaction);
}
