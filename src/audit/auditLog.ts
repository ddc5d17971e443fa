import type { AuditEventId, SessionId, UserId } from '@countersign/verifier/ids';
import type { AuditEventType, RecordedEvent } from './auditEvent.ts';
import type { ChainedEvent, Position, Seal, SealedRange } from './chain.ts';

/** Unset fields match everything. */
export interface AuditFilter {
  readonly userId?: UserId | undefined;
  readonly sessionId?: SessionId | undefined;
  readonly type?: AuditEventType | undefined;
  readonly requestId?: string | undefined;
  /** All but this type. */
  readonly exceptType?: AuditEventType | undefined;
  /** `since` inclusive, `until` exclusive; milliseconds since the Unix epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** Unsealed events of one origin. */
export interface UnsealedRange {
  readonly origin: string;
  readonly after: Position;
  /**
   * Transactions below this id have ended, so no earlier event can appear; undefined when nothing is written to this origin any
   * more.
   */
  readonly settledBefore: string | undefined;
}

export interface ChainEnd {
  readonly head: Seal | undefined;
  /** The ranges from the chain's end on, earlier origins first. */
  readonly unsealed: readonly UnsealedRange[];
  /** The store's clock. */
  readonly now: number;
}

/** Recorded events: reading, sealing and deleting them. */
export interface AuditLog {
  /** Newest first, or oldest first (`asc`); only those that come after `after`. */
  list(
    filter: AuditFilter,
    after: AuditEventId | undefined,
    limit: number,
    way?: 'asc' | 'desc',
  ): Promise<readonly RecordedEvent[]>;
  chainEnd(): Promise<ChainEnd>;
  /** The range's first events that can be sealed, by position. */
  readUnsealed(range: UnsealedRange, limit: number): Promise<readonly ChainedEvent[]>;
  /** The range's first events, by position. */
  readSealed(range: SealedRange, limit: number): Promise<readonly ChainedEvent[]>;
  /** Rejects when the number exists. */
  addSeal(seal: Seal): Promise<void>;
  /** By number, those after `after`. */
  seals(after: number, limit: number): Promise<readonly Seal[]>;
  /** Unsealed events in the range, including those that cannot be sealed yet. */
  countUnsealed(range: UnsealedRange): Promise<number>;
  /** When the first of them occurred. */
  firstUnsealed(range: UnsealedRange): Promise<number | undefined>;
  /**
   * The last seal whose events an `audit_events_deleted` event declares deleted, together with all earlier ones; 0 without such
   * an event. Any writer to the database can forge one.
   */
  deletedUpTo(): Promise<number>;
  /** The first seal up to this number that still has an event. */
  firstLeft(upTo: number): Promise<number | undefined>;
  /** Only in a transaction, and only for retention; returns how many events were deleted. */
  deleteSealed(range: SealedRange): Promise<number>;
}
