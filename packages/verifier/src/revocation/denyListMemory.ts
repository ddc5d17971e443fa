/** A deny-list's memory: filters for revocations of one subject, and marks, which are in no filter. */
import { type Additions, createAdditions } from './additions.ts';
import { createMarks, type Marks } from './issuedBefore.ts';
import type { ProjectedSlice } from './projection.ts';
import type { Revocation, SliceCount } from './revocation.ts';
import type { BeforeGrowth, FilterStats } from './slicedFilter.ts';
import { createSubjectFilters, type SubjectFilters } from './subjectFilters.ts';

/** Memory during a load. */
export interface DenyListMemory {
  reserve(counts: readonly SliceCount[]): void;
  adopt(slices: readonly ProjectedSlice[]): void;
  add(revocations: readonly Revocation[]): void;
}

export interface Memory {
  /** Empties memory; complete once `fill` resolves. */
  load(fill: (memory: DenyListMemory) => Promise<void>): Promise<void>;
  loaded(): boolean;
  readonly additions: Additions;
  /** Returns those that are not marks. */
  add(revocations: readonly Revocation[], committed: boolean): readonly Revocation[];
  /** False is final once loaded. */
  mayHave(subjects: readonly Uint8Array[], issuedAt: number): boolean;
  /** Undefined before loading. */
  filters(): SubjectFilters | undefined;
  readonly marks: Marks;
  /** Drops entries that expired by `now`. */
  dropExpired(now: number): void;
  stats(): FilterStats;
}

export function createMemory(parts: {
  readonly sliceMs: number;
  readonly beforeGrowth: BeforeGrowth | undefined;
  readonly onStartedOver: () => void;
}): Memory {
  const { sliceMs, beforeGrowth, onStartedOver } = parts;
  const marks = createMarks();
  const emptyFilters = () => createSubjectFilters(sliceMs, beforeGrowth);
  let filters = emptyFilters();
  const filtersMayHave = (subject: Uint8Array) => filters.mayContain(subject);
  let loaded = false;
  const additions = createAdditions();

  const add = (revocations: readonly Revocation[], committed: boolean): readonly Revocation[] => {
    const others = marks.take(revocations, committed);
    if (others.length < revocations.length) additions.noteForAll();
    additions.note(others.map(({ subject }) => subject));
    filters.add(others);
    return others;
  };

  return {
    async load(fill) {
      loaded = false;
      additions.noteForAll();
      // Replaced first, so that a reload does not need double memory. Additions during the load go into the new filters.
      filters = emptyFilters();
      marks.startOver();
      onStartedOver();
      const loading = filters;
      await fill({
        reserve: (counts) => filters.reserve(counts),
        adopt: (slices) => filters.adopt(slices),
        // Read from the database, so committed.
        add: (revocations) => void add(revocations, true),
      });
      // A newer load may have begun; then this one's end means nothing.
      if (filters === loading) loaded = true;
    },
    loaded: () => loaded,
    additions,
    add,
    mayHave: (subjects, issuedAt) => marks.mayCover(issuedAt) || subjects.some(filtersMayHave),
    filters: () => (loaded ? filters : undefined),
    marks,
    dropExpired(now) {
      filters.dropExpired(now);
      marks.dropExpired(now);
    },
    stats: () => filters.stats(),
  };
}
