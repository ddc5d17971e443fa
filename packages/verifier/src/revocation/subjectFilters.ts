/**
 * The bloom filters of a deny-list: sessions and tokens in filters of their own. Nearly all entries are sessions, so a look-up
 * of a token costs next to nothing.
 */
import type { Candidate, ProjectedSlice } from './projection.ts';
import { type Revocation, type SliceCount, sessionSubjectBytes } from './revocation.ts';
import { type BeforeGrowth, createSlicedFilter, type FilterStats } from './slicedFilter.ts';

export interface SubjectFilters {
  reserve(counts: readonly SliceCount[]): void;
  adopt(slices: readonly ProjectedSlice[]): void;
  add(revocations: readonly Revocation[]): void;
  /** False is final: this subject was never added, or has expired. */
  mayContain(subject: Uint8Array): boolean;
  /** The subject, and the slices that may contain it. */
  candidate(subject: Uint8Array): Candidate;
  /** All filters. Their bytes are those of memory, and go on changing. */
  slices(): readonly ProjectedSlice[];
  /** Forgets what expired by then. */
  dropExpired(now: number): void;
  stats(): FilterStats;
}

/** `sliceMs`: how much time one slice covers. */
export function createSubjectFilters(sliceMs: number, beforeGrowth?: BeforeGrowth): SubjectFilters {
  const sessions = createSlicedFilter(sliceMs, beforeGrowth);
  const tokens = createSlicedFilter(sliceMs, beforeGrowth);
  const kindOf = (ofSessions: boolean) => (ofSessions ? sessions : tokens);
  const filterOf = (subject: Uint8Array) => (isSession(subject) ? sessions : tokens);
  const slicesOf = (ofSessions: boolean) =>
    kindOf(ofSessions)
      .slices()
      .map((slice) => ({ ...slice, ofSessions }));

  return {
    reserve(counts) {
      for (const { ofSessions, endsAt, entries } of counts) kindOf(ofSessions).reserve(endsAt, entries);
    },
    adopt(slices) {
      for (const { ofSessions, endsAt, layers } of slices) kindOf(ofSessions).adopt(endsAt, layers);
    },
    add(revocations) {
      for (const { subject, expiresAt } of revocations) filterOf(subject).add(subject, expiresAt);
    },
    mayContain: (subject) => filterOf(subject).mayContain(subject),
    candidate(subject) {
      const ofSessions = isSession(subject);
      const ends = kindOf(ofSessions).slicesOf(subject);
      return { subject, slices: ends.map((endsAt) => ({ ofSessions, endsAt })) };
    },
    slices: () => [...slicesOf(true), ...slicesOf(false)],
    dropExpired(now) {
      sessions.dropExpired(now);
      tokens.dropExpired(now);
    },
    stats() {
      const [ofSessions, ofTokens] = [sessions.stats(), tokens.stats()];
      return {
        entries: ofSessions.entries + ofTokens.entries,
        capacity: ofSessions.capacity + ofTokens.capacity,
        bytes: ofSessions.bytes + ofTokens.bytes,
        slices: ofSessions.slices + ofTokens.slices,
      };
    },
  };
}

function isSession(subject: Uint8Array): boolean {
  return subject.length === sessionSubjectBytes;
}
