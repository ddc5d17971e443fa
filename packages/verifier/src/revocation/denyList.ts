/**
 * The deny-list of this node. A check walks: bloom filters in memory ("no" is final while the lease is held) →
 * revocations confirmed before → the shared copy ("yes" is final) → the truth. It says "revoked" only of what one of
 * those has (I4); without a lease, or before memory has been loaded, the truth is asked for everything.
 */
import { LRUCache } from 'lru-cache';
import { verifierLimits } from '../limits.ts';
import { type Confirm, type Confirmed, subjectKey } from './confirmation.ts';
import { createMarks, type KnownMark, markReason } from './issuedBefore.ts';
import type { Lease } from './lease.ts';
import type { ProjectedSlice } from './projection.ts';
import { type Revocation, type SliceCount, sessionSubjectBytes } from './revocation.ts';
import { type BeforeGrowth, createSlicedFilter, type FilterStats } from './slicedFilter.ts';

/** What decided a check: memory alone, a revocation confirmed before, the shared copy, or the truth. */
export type DecidedBy = 'bloom' | 'lru' | 'redis' | 'postgres';

export type Verdict =
  | { readonly revoked: false; readonly decidedBy: 'bloom' | 'postgres' }
  /** The reason is empty where only the shared copy was asked, which holds none. */
  | { readonly revoked: true; readonly decidedBy: 'lru' | 'redis' | 'postgres'; readonly reason: string };

/**
 * Told of each check: what came of it (`undefined` when it could not be answered), and whether memory was asked, as it is
 * under a lease. Asked of memory and decided by anything but `bloom`, it was a hit of the filters.
 */
export type OnVerdict = (verdict: Verdict | undefined, fromMemory: boolean) => void;

/** Memory that is being filled. */
export interface DenyListMemory {
  reserve(counts: readonly SliceCount[]): void;
  adopt(slices: readonly ProjectedSlice[]): void;
  add(revocations: readonly Revocation[]): void;
}

export interface DenyList {
  /** Starts over with an empty memory; nothing is answered from it before `fill` has resolved. */
  load(fill: (memory: DenyListMemory) => Promise<void>): Promise<void>;
  loaded(): boolean;
  /** Changes with everything that is added: what memory did not have, it still has not while this is the same. */
  version(): number;
  /** Makes revocations known to every later check, which will confirm them. Adding one again does nothing. */
  add(revocations: readonly Revocation[]): void;
  /** Adds committed revocations, which later checks need not confirm for as long as there is room to remember them. */
  addCommitted(revocations: readonly Revocation[]): void;
  /**
   * Is any of these subjects revoked, or every token that was issued until `issuedAt` (milliseconds since the Unix epoch;
   * undefined for what has no such time)? At once where memory decides, which is nearly always. Rejects with `unavailable`
   * when it cannot be answered safely.
   */
  check(subjects: readonly Uint8Array[], issuedAt?: number): Verdict | Promise<Verdict>;
  /** Forgets what expired by then. */
  dropExpired(now: number): void;
  /** The filters as they are now, for those who keep a copy; undefined before they are whole. Their bytes go on changing. */
  slices(): readonly ProjectedSlice[] | undefined;
  /** Which tokens are refused for the time at which they were issued; beside the filters, that is all there is. */
  marks(): readonly KnownMark[];
  stats(): FilterStats;
}

/** Those who keep a copy of a deny-list in memory. */
export interface DenyListListener {
  /** These are in memory now. `committed`: they are known to be so; others a check has to confirm. */
  onAdded(revocations: readonly Revocation[], committed: boolean): void;
  /** Memory begins anew, and empty. */
  onStartedOver(): void;
}

const notRevoked: Verdict = { revoked: false, decidedBy: 'bloom' };

export function createDenyList(parts: {
  lease: Pick<Lease, 'held'>;
  confirm: Confirm;
  sliceMs: number;
  onVerdict: OnVerdict;
  listener?: DenyListListener;
  beforeGrowth?: BeforeGrowth;
}): DenyList {
  const { lease, confirm, sliceMs, onVerdict, listener, beforeGrowth } = parts;
  // Apart, since nearly all entries are sessions: asking for a token then costs next to nothing.
  const emptyFilters = () => ({
    sessions: createSlicedFilter(sliceMs, beforeGrowth),
    tokens: createSlicedFilter(sliceMs, beforeGrowth),
  });
  let filters = emptyFilters();
  const filterOf = (ofSessions: boolean) => (ofSessions ? filters.sessions : filters.tokens);
  const isSession = (subject: Uint8Array) => subject.length === sessionSubjectBytes;
  const mayBeRevoked = (subject: Uint8Array) => filterOf(isSession(subject)).mayContain(subject);
  const confirmed = new LRUCache<string, Confirmed>({ max: verifierLimits.confirmedRevocations });
  const marks = createMarks();
  let loaded = false;
  let version = 0;

  /** Answers those that are no marks. */
  const addToMemory = (revocations: readonly Revocation[], committed: boolean): readonly Revocation[] => {
    version += 1;
    const others = marks.take(revocations, committed);
    for (const { subject, expiresAt } of others) filterOf(isSession(subject)).add(subject, expiresAt);
    return others;
  };

  const knownBefore = (subjects: readonly Uint8Array[], issuedAt: number): Verdict | undefined => {
    for (const subject of subjects) {
      const revocation = confirmed.get(subjectKey(subject));
      if (revocation !== undefined) return { revoked: true, decidedBy: 'lru', reason: revocation.reason };
    }
    return marks.covers(issuedAt) ? { revoked: true, decidedBy: 'lru', reason: markReason } : undefined;
  };

  /** `fromMemory`: memory is whole, so it says where in the copy to look, and which subjects need no question. */
  const ask = async (
    subjects: readonly Uint8Array[],
    issuedAt: number,
    fromMemory: boolean,
  ): Promise<Verdict> => {
    const candidates = subjects.map((subject) => {
      const ofSessions = isSession(subject);
      const ends = fromMemory ? filterOf(ofSessions).slicesOf(subject) : [];
      return { subject, slices: ends.map((endsAt) => ({ ofSessions, endsAt })) };
    });
    const { by, revocation } = await confirm([
      ...(fromMemory ? candidates.filter(({ slices }) => slices.length > 0) : candidates),
      ...marks.questions(issuedAt, fromMemory).map((subject) => ({ subject, slices: [] })),
    ]);
    if (revocation === undefined) return { revoked: false, decidedBy: 'postgres' };
    if (!marks.confirm(revocation.subject)) confirmed.set(subjectKey(revocation.subject), revocation);
    return { revoked: true, decidedBy: by, reason: revocation.reason };
  };

  const askAndCount = async (
    subjects: readonly Uint8Array[],
    issuedAt: number,
    fromMemory: boolean,
  ): Promise<Verdict> => {
    try {
      const verdict = await ask(subjects, issuedAt, fromMemory);
      onVerdict(verdict, fromMemory);
      return verdict;
    } catch (error) {
      onVerdict(undefined, fromMemory);
      throw error;
    }
  };

  return {
    add(revocations) {
      addToMemory(revocations, false);
      listener?.onAdded(revocations, false);
    },

    addCommitted(revocations) {
      const others = addToMemory(revocations, true);
      listener?.onAdded(revocations, true);
      // The newest are asked for most; more than there is room for would only push each other out.
      for (const revocation of others.slice(-verifierLimits.confirmedRevocations)) {
        confirmed.set(subjectKey(revocation.subject), revocation);
      }
    },

    async load(fill) {
      loaded = false;
      version += 1;
      // Afresh, so that a load that is repeated takes its room once. Whatever is added meanwhile is added to it.
      filters = emptyFilters();
      marks.startOver();
      listener?.onStartedOver();
      const loading = filters;
      await fill({
        reserve(counts) {
          for (const { ofSessions, endsAt, entries } of counts) filterOf(ofSessions).reserve(endsAt, entries);
        },
        adopt(slices) {
          for (const { ofSessions, endsAt, layers } of slices) filterOf(ofSessions).adopt(endsAt, layers);
        },
        // Read from the truth.
        add: (revocations) => void addToMemory(revocations, true),
      });
      // Overtaken by a later load, this one has nothing to say.
      if (filters === loading) loaded = true;
    },

    loaded: () => loaded,
    version: () => version,

    check(subjects, issuedAt = Number.POSITIVE_INFINITY) {
      const fromMemory = loaded && lease.held();
      if (fromMemory && !marks.mayCover(issuedAt) && !subjects.some(mayBeRevoked)) {
        onVerdict(notRevoked, true);
        return notRevoked;
      }
      const known = knownBefore(subjects, issuedAt);
      if (known === undefined) return askAndCount(subjects, issuedAt, fromMemory);
      onVerdict(known, fromMemory);
      return known;
    },

    dropExpired(now) {
      for (const filter of Object.values(filters)) filter.dropExpired(now);
      marks.dropExpired(now);
    },

    slices() {
      if (!loaded) return undefined;
      const ofKind = (ofSessions: boolean) =>
        filterOf(ofSessions)
          .slices()
          .map((slice) => ({ ...slice, ofSessions }));
      return [...ofKind(true), ...ofKind(false)];
    },

    marks: marks.list,

    stats() {
      const [ofSessions, ofTokens] = [filters.sessions.stats(), filters.tokens.stats()];
      return {
        entries: ofSessions.entries + ofTokens.entries,
        capacity: ofSessions.capacity + ofTokens.capacity,
        bytes: ofSessions.bytes + ofTokens.bytes,
        slices: ofSessions.slices + ofTokens.slices,
      };
    },
  };
}

/** Whole seconds, so that the boundaries of slices do not depend on when a node started. */
export function sliceLength(accessTtlMs: number): number {
  return Math.max(1, Math.ceil(accessTtlMs / 1000 / verifierLimits.revocationSlices)) * 1000;
}
