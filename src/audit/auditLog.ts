import type { AuditEventId, SessionId, UserId } from '@countersign/verifier/ids';
import type { AuditEventType, RecordedEvent } from './auditEvent.ts';
import type { ChainedEvent, Position, Seal, SealedRange } from './chain.ts';

/** Which events to list; what is not set selects nothing away. */
export interface AuditFilter {
  readonly userId?: UserId | undefined;
  readonly sessionId?: SessionId | undefined;
  readonly type?: AuditEventType | undefined;
  /** From then on, and before then; milliseconds since the Unix epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** Events of one origin that no seal covers. */
export interface UnsealedRange {
  readonly origin: string;
  readonly after: Position;
  /** Transactions below have ended, so that nothing more can come in front; undefined where no row is written any more. */
  readonly settledBefore: string | undefined;
}

export interface ChainEnd {
  readonly head: Seal | undefined;
  /** The ranges that begin where the chain ends; those of earlier origins first. */
  readonly unsealed: readonly UnsealedRange[];
  /** The clock of the store. */
  readonly now: number;
}

/** What becomes of the events that were recorded: read, sealed, and deleted when they are old. */
export interface AuditLog {
  /** Newest first; those before `before` only. */
  list(
    filter: AuditFilter,
    before: AuditEventId | undefined,
    limit: number,
  ): Promise<readonly RecordedEvent[]>;
  chainEnd(): Promise<ChainEnd>;
  /** The first events of the range that can be sealed, in the order of their positions. */
  readUnsealed(range: UnsealedRange, limit: number): Promise<readonly ChainedEvent[]>;
  /** The first events of the range, in the order of their positions. */
  readSealed(range: SealedRange, limit: number): Promise<readonly ChainedEvent[]>;
  /** Rejects when there is one of that number. */
  addSeal(seal: Seal): Promise<void>;
  /** By number, those after `after`. */
  seals(after: number, limit: number): Promise<readonly Seal[]>;
  /** Events in the range that no seal covers, those included that cannot be sealed yet. */
  countUnsealed(range: UnsealedRange): Promise<number>;
  /** When the first of them occurred. */
  firstUnsealed(range: UnsealedRange): Promise<number | undefined>;
  /**
   * The last seal that an event `audit_events_deleted` names: it says that the events of all seals up to this one are gone, and
   * whoever can write to the database can say so. 0 when there is none.
   */
  deletedUpTo(): Promise<number>;
  /** The first seal, up to this number, of which an event is left all the same. */
  firstLeft(upTo: number): Promise<number | undefined>;
  /** Only in a transaction, and only for the retention; answers how many there were. */
  deleteSealed(range: SealedRange): Promise<number>;
}
