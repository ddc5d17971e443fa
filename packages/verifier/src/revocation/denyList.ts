/**
 * This node's deny-list. A check goes through: filters in memory ("no" is final under a lease) → confirmed revocations → the
 * shared copy ("yes" is final) → the database. It answers "revoked" only when one of the last three said so (I4). Without a
 * lease, or before memory is loaded, the database is asked every time.
 */
import { verifierLimits } from '../limits.ts';
import type { Buckets } from './additions.ts';
import type { Confirm, Confirmation } from './confirmation.ts';
import { createConfirmedRevocations } from './confirmedRevocations.ts';
import { createMemory, type DenyListMemory } from './denyListMemory.ts';
import type { KnownMark } from './issuedBefore.ts';
import type { Lease } from './lease.ts';
import type { ProjectedSlice } from './projection.ts';
import type { Revocation } from './revocation.ts';
import type { BeforeGrowth, FilterStats } from './slicedFilter.ts';

/** What decided a check: memory, a confirmed revocation, the shared copy, or the database. */
export type DecidedBy = 'bloom' | 'lru' | 'redis' | 'postgres';

export type Verdict =
  | { readonly revoked: false; readonly decidedBy: 'bloom' | 'postgres' }
  /** The reason is empty when only the shared copy answered: it stores none. */
  | { readonly revoked: true; readonly decidedBy: 'lru' | 'redis' | 'postgres'; readonly reason: string };

/**
 * Called after each check, with its verdict (`undefined` without an answer) and whether memory was used under a lease. If memory
 * was used and anything but `bloom` decided, the filters had a hit.
 */
export type OnVerdict = (verdict: Verdict | undefined, fromMemory: boolean) => void;

export interface DenyList {
  /** Empties and refills memory; nothing is answered from it until `fill` resolves. */
  load(fill: (memory: DenyListMemory) => Promise<void>): Promise<void>;
  loaded(): boolean;
  /** Grows with each addition. While equal, an earlier "no" still holds. */
  version(): number;
  /** Whether a "no" that memory gave at that version still holds for subjects of these buckets. */
  stillHolds(buckets: Buckets, since: number): boolean;
  /** Adds revocations that later checks must confirm. Idempotent. */
  add(revocations: readonly Revocation[]): void;
  /** Adds committed revocations, which later checks need not confirm while they stay cached. */
  addCommitted(revocations: readonly Revocation[]): void;
  /**
   * Whether any of these subjects is revoked, or every token issued until `issuedAt` (milliseconds since the Unix epoch;
   * undefined without such a time). Returns at once when memory decides, which is nearly always. Rejects with `unavailable`
   * without a safe answer.
   */
  check(subjects: readonly Uint8Array[], issuedAt?: number): Verdict | Promise<Verdict>;
  /** Drops entries that expired by `now`. */
  dropExpired(now: number): void;
  /** The current filters, for copying; undefined until complete. Their bytes keep changing. */
  slices(): readonly ProjectedSlice[] | undefined;
  /** The marks, which refuse tokens by issue time and are in no filter. */
  marks(): readonly KnownMark[];
  stats(): FilterStats;
}

/** Follows a deny-list to keep a copy. */
export interface DenyListListener {
  /** Called for additions. Checks must confirm those not known to be `committed`. */
  onAdded(revocations: readonly Revocation[], committed: boolean): void;
  /** Memory was emptied. */
  onStartedOver(): void;
}

export interface DenyListParts {
  readonly lease: Pick<Lease, 'held'>;
  readonly confirm: Confirm;
  /** The time one slice of the filters covers. */
  readonly sliceMs: number;
  readonly onVerdict: OnVerdict;
  readonly listener?: DenyListListener;
  readonly beforeGrowth?: BeforeGrowth;
}

const notRevoked: Verdict = { revoked: false, decidedBy: 'bloom' };

export function createDenyList(parts: DenyListParts): DenyList {
  const { lease, confirm, sliceMs, onVerdict, listener, beforeGrowth } = parts;
  const onStartedOver = () => listener?.onStartedOver();
  const memory = createMemory({ sliceMs, beforeGrowth, onStartedOver });
  const { marks } = memory;
  const confirmed = createConfirmedRevocations({ confirm, marks });

  const ask = async (
    subjects: readonly Uint8Array[],
    issuedAt: number,
    fromMemory: boolean,
  ): Promise<Verdict> => {
    try {
      const answer = await confirmed.ask(subjects, issuedAt, fromMemory ? memory.filters() : undefined);
      const verdict = verdictOf(answer);
      onVerdict(verdict, fromMemory);
      return verdict;
    } catch (error) {
      onVerdict(undefined, fromMemory);
      throw error;
    }
  };

  return {
    add(revocations) {
      memory.add(revocations, false);
      listener?.onAdded(revocations, false);
    },

    addCommitted(revocations) {
      const others = memory.add(revocations, true);
      listener?.onAdded(revocations, true);
      confirmed.remember(others);
    },

    load: memory.load,
    loaded: memory.loaded,
    version: memory.additions.version,
    stillHolds: memory.additions.stillHolds,

    check(subjects, issuedAt = Number.POSITIVE_INFINITY) {
      const fromMemory = memory.loaded() && lease.held();
      if (fromMemory && !memory.mayHave(subjects, issuedAt)) {
        onVerdict(notRevoked, true);
        return notRevoked;
      }
      const reason = confirmed.reasonFor(subjects, issuedAt);
      if (reason === undefined) return ask(subjects, issuedAt, fromMemory);
      const known: Verdict = { revoked: true, decidedBy: 'lru', reason };
      onVerdict(known, fromMemory);
      return known;
    },

    dropExpired: memory.dropExpired,
    slices: () => memory.filters()?.slices(),
    marks: marks.list,
    stats: memory.stats,
  };
}

function verdictOf({ by, revocation }: Confirmation): Verdict {
  if (revocation === undefined) return { revoked: false, decidedBy: 'postgres' };
  return { revoked: true, decidedBy: by, reason: revocation.reason };
}

/** Whole seconds, so that slice boundaries do not depend on a node's start. */
export function sliceLength(accessTtlMs: number): number {
  return Math.max(1, Math.ceil(accessTtlMs / 1000 / verifierLimits.revocationSlices)) * 1000;
}
