/** The memory of a deny-list: filters for all revocations of one subject, and the marks, which no filter has. */
import { createMarks, type Marks } from './issuedBefore.ts';
import type { ProjectedSlice } from './projection.ts';
import type { Revocation, SliceCount } from './revocation.ts';
import type { BeforeGrowth, FilterStats } from './slicedFilter.ts';
import { createSubjectFilters, type SubjectFilters } from './subjectFilters.ts';

/** The memory during a load. */
export interface DenyListMemory {
  reserve(counts: readonly SliceCount[]): void;
  adopt(slices: readonly ProjectedSlice[]): void;
  add(revocations: readonly Revocation[]): void;
}

export interface Memory {
  /** Starts over empty. Whole once `fill` has resolved. */
  load(fill: (memory: DenyListMemory) => Promise<void>): Promise<void>;
  loaded(): boolean;
  /** Changes with each addition. */
  version(): number;
  /** Returns those that are no marks. */
  add(revocations: readonly Revocation[], committed: boolean): readonly Revocation[];
  /** False is final, when it is loaded. */
  mayHave(subjects: readonly Uint8Array[], issuedAt: number): boolean;
  /** Undefined before it is loaded. */
  filters(): SubjectFilters | undefined;
  readonly marks: Marks;
  /** Forgets what expired by then. */
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
  let version = 0;

  const add = (revocations: readonly Revocation[], committed: boolean): readonly Revocation[] => {
    version += 1;
    const others = marks.take(revocations, committed);
    filters.add(others);
    return others;
  };

  return {
    async load(fill) {
      loaded = false;
      version += 1;
      // New filters, so that a repeated load takes its room once. Revocations that are added meanwhile go into them.
      filters = emptyFilters();
      marks.startOver();
      onStartedOver();
      const loading = filters;
      await fill({
        reserve: (counts) => filters.reserve(counts),
        adopt: (slices) => filters.adopt(slices),
        // Read from the truth.
        add: (revocations) => void add(revocations, true),
      });
      // After a later load has begun, the end of this one means nothing.
      if (filters === loading) loaded = true;
    },
    loaded: () => loaded,
    version: () => version,
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
