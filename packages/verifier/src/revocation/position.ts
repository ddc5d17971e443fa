/**
 * How far a reader has read the database. Transactions commit out of order, so an increasing number would skip rows for ever; a
 * snapshot tells exactly which transactions were visible (PostgreSQL, `pg_current_snapshot()`).
 */

export interface Position {
  /** Names one history of one database, in which no transaction id is reused. Positions of different histories do not compare. */
  readonly history: string;
  /** `xmin:xmax:xip,…`: transactions below xmin were over, none from xmax on had begun, the listed ones were open. */
  readonly snapshot: string;
}

/** A transaction id (`xid8`), in decimal: it never wraps around. */
export type TransactionId = string;

/** A committed transaction, in its database history. */
export interface CommitMark {
  readonly history: string;
  readonly transaction: TransactionId;
}

/** The position is of another history, or beyond the current one: reload memory. */
export class HistoryError extends Error {
  override readonly name = 'HistoryError';
}

const shape = /^(\d+):(\d+):((?:\d+(?:,\d+)*)?)$/;

/**
 * Throws `HistoryError` unless `later` may follow `earlier`. A server restored without any other trace has not reached the
 * transaction ids that the earlier reader knows.
 */
export function requireSameHistory(earlier: Position, later: Position): void {
  const nextId = ({ snapshot }: Position) => BigInt(snapshot.split(':')[1] ?? '');
  if (earlier.history !== later.history || nextId(earlier) > nextId(later)) {
    throw new HistoryError(
      `the database is at ${later.history} ${later.snapshot}, not beyond ${earlier.history} ${earlier.snapshot}`,
    );
  }
}

/** Whether a reader at this snapshot sees the transaction. Throws `RangeError` for malformed text. */
export function covers(snapshot: string, transaction: TransactionId): boolean {
  const match = shape.exec(snapshot);
  if (match === null) throw new RangeError(`not a snapshot: ${JSON.stringify(snapshot)}`);
  const [, xmin = '', xmax = '', open = ''] = match;
  const id = BigInt(transaction);
  if (id < BigInt(xmin)) return true;
  if (id >= BigInt(xmax)) return false;
  return !open.split(',').includes(transaction);
}
