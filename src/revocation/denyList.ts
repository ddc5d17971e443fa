/**
 * The deny-list of this node. A check walks: bloom filters in memory ("no" is final) → revocations confirmed before →
 * the truth. It says "revoked" only of what the truth has (I4), and nothing at all before it has been loaded.
 */
import { LRUCache } from 'lru-cache';
import type { Clock } from '../core/clock.ts';
import { AuthorityError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { createConfirmation, subjectKey } from './confirmation.ts';
import { type Revocation, type RevocationStore, sessionSubjectBytes } from './revocation.ts';
import { createSlicedFilter } from './slicedFilter.ts';

/** What decided a check: memory alone, a revocation confirmed before, or the truth. */
export type DecidedBy = 'bloom' | 'lru' | 'postgres';

export type Verdict =
  | { readonly revoked: false; readonly decidedBy: 'bloom' | 'postgres' }
  | { readonly revoked: true; readonly decidedBy: 'lru' | 'postgres'; readonly reason: string };

export interface DenyList {
  /** Reads every live revocation; answers how many. No check is answered before. */
  load(): Promise<number>;
  /** Answers no check until it is loaded again: it may have missed revocations. */
  suspend(): void;
  ready(): boolean;
  /** Makes committed revocations known to every later check. Adding one again does nothing. */
  add(revocations: readonly Revocation[]): void;
  /**
   * Is any of these subjects revoked? At once where memory decides, which is nearly always.
   * Throws or rejects with `unavailable` when it cannot be answered safely.
   */
  check(subjects: readonly Uint8Array[]): Verdict | Promise<Verdict>;
  /** Forgets what has expired. */
  dropExpired(): void;
  stats(): { readonly entries: number; readonly bytes: number; readonly slices: number };
}

const notRevoked: Verdict = { revoked: false, decidedBy: 'bloom' };

export function createDenyList(parts: {
  store: Pick<RevocationStore, 'find' | 'listLive' | 'countLive'>;
  clock: Clock;
  accessTtlMs: number;
  onVerdict: (verdict: Verdict) => void;
}): DenyList {
  const { store, clock, onVerdict } = parts;
  const sliceMs = sliceLength(parts.accessTtlMs);
  // Apart, since nearly all entries are sessions: asking for a token then costs next to nothing.
  const emptyFilters = () => ({ sessions: createSlicedFilter(sliceMs), tokens: createSlicedFilter(sliceMs) });
  let filters = emptyFilters();
  const filterOf = (ofSession: boolean) => (ofSession ? filters.sessions : filters.tokens);
  const mayBeRevoked = (subject: Uint8Array) =>
    filterOf(subject.length === sessionSubjectBytes).mayContain(subject);
  const confirm = createConfirmation({ find: store.find, clock });
  const confirmed = new LRUCache<string, Revocation>({ max: limits.confirmedRevocations });
  let loaded = false;

  const add = (revocations: readonly Revocation[]) => {
    for (const { subject, expiresAt } of revocations) {
      filterOf(subject.length === sessionSubjectBytes).add(subject, expiresAt);
    }
  };

  const knownBefore = (subjects: readonly Uint8Array[]): Verdict | undefined => {
    for (const subject of subjects) {
      const revocation = confirmed.get(subjectKey(subject));
      if (revocation !== undefined) return { revoked: true, decidedBy: 'lru', reason: revocation.reason };
    }
    return undefined;
  };

  const askTruth = async (subjects: readonly Uint8Array[]): Promise<Verdict> => {
    const revocation = await confirm(subjects);
    if (revocation !== undefined) confirmed.set(subjectKey(revocation.subject), revocation);
    const verdict: Verdict =
      revocation === undefined
        ? { revoked: false, decidedBy: 'postgres' }
        : { revoked: true, decidedBy: 'postgres', reason: revocation.reason };
    onVerdict(verdict);
    return verdict;
  };

  return {
    add,

    async load() {
      loaded = false;
      // Afresh, so that a load that is repeated takes its room once. Whatever is added meanwhile is added to it.
      filters = emptyFilters();
      const loading = filters;
      for (const { ofSessions, endsAt, entries } of await store.countLive(clock.now(), sliceMs)) {
        filterOf(ofSessions).reserve(endsAt, entries);
      }
      let entries = 0;
      let page: readonly Revocation[] = [];
      do {
        page = await store.listLive(clock.now(), limits.revocationsPageRows, page.at(-1)?.subject);
        add(page);
        entries += page.length;
      } while (page.length === limits.revocationsPageRows);
      // Overtaken by a suspension or a later load, this one has nothing to say.
      if (filters === loading) loaded = true;
      return entries;
    },

    suspend() {
      loaded = false;
      filters = emptyFilters();
    },

    ready: () => loaded,

    check(subjects) {
      if (!loaded)
        throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'deny_list_loading' });
      const verdict = subjects.some(mayBeRevoked) ? knownBefore(subjects) : notRevoked;
      if (verdict === undefined) return askTruth(subjects);
      onVerdict(verdict);
      return verdict;
    },

    dropExpired() {
      for (const filter of Object.values(filters)) filter.dropExpired(clock.now());
    },

    stats() {
      const [ofSessions, ofTokens] = [filters.sessions.stats(), filters.tokens.stats()];
      return {
        entries: ofSessions.entries + ofTokens.entries,
        bytes: ofSessions.bytes + ofTokens.bytes,
        slices: ofSessions.slices + ofTokens.slices,
      };
    },
  };
}

/** Whole seconds, so that the boundaries of slices do not depend on when a node started. */
function sliceLength(accessTtlMs: number): number {
  return Math.max(1, Math.ceil(accessTtlMs / 1000 / limits.revocationSlices)) * 1000;
}
