/**
 * Revocation: the durable fact that a session or token is revoked, and the deny-list that answers from memory. Owns the filters,
 * the confirmation of hits and the guarantee of propagation. Does not own why a session ends (operations) or where rows, sets and
 * messages are stored (storage).
 */

import { verifierLimits } from '../limits.ts';
import type { CommitMark, Position } from './position.ts';

/** `subject`: the 16 bytes of a session id or the 27 bytes of a jti, so the deny-list has one kind of entry. */
export interface Revocation {
  readonly subject: Uint8Array;
  /** A stable word of the contract, such as `logout`. */
  readonly reason: string;
  /** Milliseconds since the Unix epoch; afterwards no verifier accepts a covered token. */
  readonly expiresAt: number;
}

/** Rounds up: unusual lifetimes would each open a time slice, which every check must search. */
export function wholeHour(milliseconds: number): number {
  const hour = 3_600_000;
  return Math.ceil(milliseconds / hour) * hour;
}

/** How long tokens expiring at `expiresAt` must stay revoked: afterwards no verifier accepts them. */
export function revokedUntil(expiresAt: number): number {
  return expiresAt + verifierLimits.revocationMarginSeconds * 1000;
}

/** As `revokedUntil`, for every token issued until `at`, whatever its lifetime. */
export function afterEveryToken(at: number): number {
  return wholeHour(revokedUntil(at + verifierLimits.accessTokenMaximumSeconds * 1000));
}

/** Marks canaries (truth/proveTruth.ts), which no memory, copy or subscriber stores. */
export const canaryReason = 'canary';

/** 16 bytes name a session; anything else a token. */
export const sessionSubjectBytes = 16;

/** Number of live revocations in one time slice. */
export interface SliceCount {
  /** Milliseconds since the Unix epoch, a multiple of the slice length. */
  readonly endsAt: number;
  readonly ofSessions: boolean;
  readonly entries: number;
}

/** Revocations in the database. */
export interface RevocationStore {
  /**
   * Records revocations, or extends their expiry. Durable after the commit. Returns the commit's mark; undefined when there was
   * nothing to record.
   */
  record(revocations: readonly Revocation[], now: number): Promise<CommitMark | undefined>;
  /**
   * The revoked ones of these subjects, in one statement. Includes canaries; the other methods do not. For marks, see
   * `issuedBefore.ts`.
   */
  find(subjects: readonly Uint8Array[]): Promise<readonly Revocation[]>;
  /** The next `limit` live at `now`, by subject, after this one. */
  listLive(now: number, limit: number, after?: Uint8Array): Promise<readonly Revocation[]>;
  /** This canary, if `listLive` would list it at `now` were it not a canary. */
  findLiveCanary(subject: Uint8Array, now: number): Promise<Revocation | undefined>;
  /** Their number per time slice, so that memory can be reserved before reading. */
  countLive(now: number, sliceMs: number): Promise<readonly SliceCount[]>;
  /** Deletes at most `limit` that expired before `now` and by the store's clock; returns how many. */
  prune(now: number, limit: number): Promise<number>;
  /** The store's time; milliseconds since the Unix epoch. */
  clock(): Promise<number>;
}

/** Receives revocations page by page. */
export type OnPage = (page: readonly Revocation[]) => Promise<void> | void;

/** The database at one moment. */
export interface RevocationSnapshot {
  readonly position: Position;
  /** The database's time; milliseconds since the Unix epoch. */
  readonly now: number;
  /** Revocations that became visible or were extended since a position of the same history; rejects for another history. */
  readSince(previous: Position, onPage: OnPage): Promise<void>;
  /** All revocations live at `now`. */
  readLive(now: number, onPage: OnPage): Promise<void>;
  /** Their number per time slice. */
  countLive(now: number, sliceMs: number): Promise<readonly SliceCount[]>;
  /** This canary, if a renewal from that position, or a start at `now`, would read it. */
  findCanary(subject: Uint8Array, by: { since: Position } | { now: number }): Promise<Revocation | undefined>;
}

/** Tasks that one node at a time does. */
export type SoleTask = 'reconciling' | 'pruning' | 'saving';

export interface RevocationSnapshots {
  read<T>(work: (snapshot: RevocationSnapshot) => Promise<T>): Promise<T>;
  /** Returns `undefined` without doing the work while another node does the task. */
  readAlone<T>(task: SoleTask, work: (snapshot: RevocationSnapshot) => Promise<T>): Promise<T | undefined>;
}

/** Why a node no longer needs to be waited for. */
export type NodeOutcome =
  /** It acknowledged. */
  | 'acknowledged'
  /** It read the revocation from the database and reported that. */
  | 'read'
  /** Its lease ended: it does not answer from memory. */
  | 'lease_expired'
  /** It stopped. */
  | 'stopped'
  /** The database's history changed; unlisted nodes hold no lease any more. */
  | 'history_changed';

/** How a revocation was propagated. */
export interface EffectReport {
  /** From then on nobody accepts the revoked tokens; milliseconds since the Unix epoch. */
  readonly effectAt: number;
  /** From commit to effect. */
  readonly milliseconds: number;
  /** Other nodes that were waited for. */
  readonly nodes: readonly { readonly id: string; readonly outcome: NodeOutcome }[];
}

/** Committed revocations. */
export interface CommittedRevocations {
  readonly revocations: readonly Revocation[];
  readonly mark: CommitMark;
}

/** Propagates revocations. */
export interface Effect {
  /** Milliseconds an operation may take from its start to its effect; afterwards it fails. */
  longestMs(): number;
  /**
   * Resolves when no strict check anywhere answers "not revoked" for them (I1), so answers must wait for it. Rejects with
   * `unavailable` when that is not certain.
   */
  announce(committed: CommittedRevocations): Promise<EffectReport>;
  /**
   * For revocations whose commit is uncertain because its answer was lost: checks ask the database. Without the commit, that
   * costs a question but no wrong answer.
   */
  suspect(revocations: readonly Revocation[]): void;
}
