/**
 * The deny-list of this node. A check walks: bloom filters in memory ("no" is final while the lease is held) →
 * revocations confirmed before → the shared copy ("yes" is final) → the truth. It answers "revoked" only when one of the last
 * three said so (I4). Without a lease, or before memory has been loaded, the truth is asked about everything.
 */
import { verifierLimits } from '../limits.ts';
import type { Confirm, Confirmation } from './confirmation.ts';
import { createConfirmedRevocations } from './confirmedRevocations.ts';
import { createMemory, type DenyListMemory } from './denyListMemory.ts';
import type { KnownMark } from './issuedBefore.ts';
import type { Lease } from './lease.ts';
import type { ProjectedSlice } from './projection.ts';
import type { Revocation } from './revocation.ts';
import type { BeforeGrowth, FilterStats } from './slicedFilter.ts';

/** What decided a check: memory alone, a revocation confirmed before, the shared copy, or the truth. */
export type DecidedBy = 'bloom' | 'lru' | 'redis' | 'postgres';

export type Verdict =
  | { readonly revoked: false; readonly decidedBy: 'bloom' | 'postgres' }
  /** The reason is empty where only the shared copy was asked, which holds none. */
  | { readonly revoked: true; readonly decidedBy: 'lru' | 'redis' | 'postgres'; readonly reason: string };

/**
 * Called after each check, with its verdict (`undefined` when it could not be answered) and whether memory was asked, as under a
 * lease. When memory was asked and anything but `bloom` decided, the filters had a hit.
 */
export type OnVerdict = (verdict: Verdict | undefined, fromMemory: boolean) => void;

export interface DenyList {
  /** Starts over with an empty memory; nothing is answered from it before `fill` has resolved. */
  load(fill: (memory: DenyListMemory) => Promise<void>): Promise<void>;
  loaded(): boolean;
  /** Changes with each addition. While it stays the same, a "no" of memory holds. */
  version(): number;
  /** Adds revocations that a later check has to confirm. Adding one again does nothing. */
  add(revocations: readonly Revocation[]): void;
  /** Adds committed revocations. Later checks need not confirm them, as long as there is room to remember them. */
  addCommitted(revocations: readonly Revocation[]): void;
  /**
   * Whether one of these subjects is revoked, or every token that was issued until `issuedAt` (milliseconds since the Unix epoch;
   * undefined for a subject without an issue time). Without a promise where memory decides, which is nearly always. Rejects
   * with `unavailable` when there is no safe answer.
   */
  check(subjects: readonly Uint8Array[], issuedAt?: number): Verdict | Promise<Verdict>;
  /** Forgets what expired by then. */
  dropExpired(now: number): void;
  /** The filters as they are now, to be copied; undefined before they are whole. Their bytes go on changing. */
  slices(): readonly ProjectedSlice[] | undefined;
  /** The marks: they refuse tokens by issue time, and are not in the filters. */
  marks(): readonly KnownMark[];
  stats(): FilterStats;
}

/** Keeps a copy of a deny-list. */
export interface DenyListListener {
  /** These are in memory now. If they are not known to be `committed`, a check has to confirm them. */
  onAdded(revocations: readonly Revocation[], committed: boolean): void;
  /** Memory starts over empty. */
  onStartedOver(): void;
}

export interface DenyListParts {
  readonly lease: Pick<Lease, 'held'>;
  readonly confirm: Confirm;
  /** How much time one slice of the filters covers. */
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
    version: memory.version,

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

/** Whole seconds, so that the boundaries of slices do not depend on when a node started. */
export function sliceLength(accessTtlMs: number): number {
  return Math.max(1, Math.ceil(accessTtlMs / 1000 / verifierLimits.revocationSlices)) * 1000;
}
