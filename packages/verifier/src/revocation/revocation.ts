/**
 * Revocation: the durable fact that a session or a token is dead, and the deny-list that answers from memory.
 * Owns the filters, the confirmation of their hits and the guarantee of effect. Does not own why a session ends
 * (flows), nor where rows, sets and messages live (storage).
 */

import { verifierLimits } from '../limits.ts';
import type { CommitMark, Position } from './position.ts';

/** `subject` is the 16 bytes of a session id or the 27 bytes of a jti: the deny-list knows one kind of entry. */
export interface Revocation {
  readonly subject: Uint8Array;
  /** A stable word of the contract, such as `logout`. */
  readonly reason: string;
  /** Milliseconds since the Unix epoch, after which no verifier accepts a token that this covers. */
  readonly expiresAt: number;
}

/** Lifetimes that are not those of our tokens would else open a time slice each, which every check has to ask. */
export function wholeHour(milliseconds: number): number {
  const hour = 3_600_000;
  return Math.ceil(milliseconds / hour) * hour;
}

/** From then on no token is accepted that was issued until `at`, whatever its lifetime. */
export function afterEveryToken(at: number): number {
  return wholeHour(
    at + (verifierLimits.accessTokenMaximumSeconds + verifierLimits.revocationMarginSeconds) * 1000,
  );
}

/** Of revocations that only prove that the truth is one (truth/proveTruth.ts): no memory, copy or subscriber holds them. */
export const canaryReason = 'canary';

/** 16 bytes name a session; anything else names a token. */
export const sessionSubjectBytes = 16;

/** How many live revocations end in one time slice. */
export interface SliceCount {
  /** Milliseconds since the Unix epoch, a multiple of the slice's length. */
  readonly endsAt: number;
  readonly ofSessions: boolean;
  readonly entries: number;
}

/** The truth about revocations. */
export interface RevocationStore {
  /**
   * Records them, or extends the expiry of those that are there. Durable when the transaction has committed. Answers what
   * marks that commit, or undefined when there was nothing to record.
   */
  record(revocations: readonly Revocation[], now: number): Promise<CommitMark | undefined>;
  /**
   * Those of these subjects that are revoked, canaries among them; all others leave those out. For questions about marks, see
   * `issuedBefore.ts`. In one statement.
   */
  find(subjects: readonly Uint8Array[]): Promise<readonly Revocation[]>;
  /** The next `limit` that are live at `now`, in the order of their subjects, after this one. */
  listLive(now: number, limit: number, after?: Uint8Array): Promise<readonly Revocation[]>;
  /** This canary, if `listLive` at `now` would list it were it none. */
  findLiveCanary(subject: Uint8Array, now: number): Promise<Revocation | undefined>;
  /** How many there are of them by time slice, so that memory can be laid out before they are read. */
  countLive(now: number, sliceMs: number): Promise<readonly SliceCount[]>;
  /** Deletes at most `limit` that expired before `now`, also by the clock of the store; answers how many. */
  prune(now: number, limit: number): Promise<number>;
  /** The clock of the store; milliseconds since the Unix epoch. */
  clock(): Promise<number>;
}

/** Takes revocations page by page. */
export type OnPage = (page: readonly Revocation[]) => Promise<void> | void;

/** The truth as it was at one moment. */
export interface RevocationSnapshot {
  readonly position: Position;
  /** The clock of the truth; milliseconds since the Unix epoch. */
  readonly now: number;
  /** Those that became visible, or were extended, since a position of the same history; rejects for another history. */
  readSince(previous: Position, onPage: OnPage): Promise<void>;
  /** All that are live at `now`. */
  readLive(now: number, onPage: OnPage): Promise<void>;
  /** How many there are of them by time slice. */
  countLive(now: number, sliceMs: number): Promise<readonly SliceCount[]>;
  /** This canary, if a renewal that follows on the position, or a start at `now`, would read it. */
  findCanary(subject: Uint8Array, by: { since: Position } | { now: number }): Promise<Revocation | undefined>;
}

/** What one node at a time does. */
export type SoleTask = 'reconciling' | 'pruning' | 'saving';

export interface RevocationSnapshots {
  read<T>(work: (snapshot: RevocationSnapshot) => Promise<T>): Promise<T>;
  /** Answers `undefined`, without doing the work, while another node is at the same task. */
  readAlone<T>(task: SoleTask, work: (snapshot: RevocationSnapshot) => Promise<T>): Promise<T | undefined>;
}

/** How a node came to know of a revocation, or why it needs not. */
export type NodeOutcome =
  /** It said so. */
  | 'acknowledged'
  /** It read the revocation from the database and reported that. */
  | 'read'
  /** Its lease ran out: it answers nothing from memory. */
  | 'lease_expired'
  /** It stopped. */
  | 'stopped'
  /** The database changed its history; any node that it has forgotten has no lease any more. */
  | 'history_changed';

/** What happened until a revocation was in effect. */
export interface EffectReport {
  /** From here on nobody accepts what was revoked; milliseconds since the Unix epoch. */
  readonly effectAt: number;
  /** From the commit to the effect. */
  readonly milliseconds: number;
  /** The other nodes that had to be heard of. */
  readonly nodes: readonly { readonly id: string; readonly outcome: NodeOutcome }[];
}

/** Revocations whose transaction has committed. */
export interface CommittedRevocations {
  readonly revocations: readonly Revocation[];
  readonly mark: CommitMark;
}

/** Brings revocations into effect. */
export interface Effect {
  /** Milliseconds that an operation may take from its beginning to its effect; what takes longer is not acknowledged. */
  longestMs(): number;
  /**
   * Resolves when no strict check anywhere says "not revoked" of them (I1), so an acknowledgement waits for it and for
   * nothing else. Rejects with `unavailable` when that cannot be known.
   */
  announce(committed: CommittedRevocations): Promise<EffectReport>;
  /**
   * For revocations whose commit may have been done although its answer was lost: has checks ask the truth. If it was
   * not done, that costs them a question and no wrong answer.
   */
  suspect(revocations: readonly Revocation[]): void;
}
