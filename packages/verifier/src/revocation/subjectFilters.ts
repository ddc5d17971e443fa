/**
 * A deny-list's filters, separate for sessions and tokens. Nearly all entries are sessions, so looking up a token is almost free.
 */
import type { Candidate, ProjectedSlice } from './projection.ts';
import { type Revocation, type SliceCount, sessionSubjectBytes } from './revocation.ts';
import { type BeforeGrowth, createSlicedFilter, type FilterStats } from './slicedFilter.ts';

export interface SubjectFilters {
  reserve(counts: readonly SliceCount[]): void;
  adopt(slices: readonly ProjectedSlice[]): void;
  add(revocations: readonly Revocation[]): void;
  /** False is final: the subject was never added or has expired. */
  mayContain(subject: Uint8Array): boolean;
  /** The subject, and the slices that may contain it. */
  candidate(subject: Uint8Array): Candidate;
  /** All filters. Their bytes are live and keep changing. */
  slices(): readonly ProjectedSlice[];
  /** Drops entries that expired by `now`. */
  dropExpired(now: number): void;
  stats(): FilterStats;
}

/** `sliceMs`: the time one slice covers. */
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
