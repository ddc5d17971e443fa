/**
 * The memory of a node, saved for those that start. It is believed only as a whole, and only when a node of this
 * deployment wrote it. One that is old is as good as a new one: what became visible after its position is read from the
 * truth, and what expired since is not needed. Does not own where it lies.
 */
import type { Clock } from '@countersign/verifier/clock';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { Position } from '@countersign/verifier/revocation/position';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { Revocation, RevocationSnapshots } from '@countersign/verifier/revocation/revocation';
import { propagationLimits } from './limits.ts';
import type { Renewal } from './renewal.ts';

export interface MemoryContents {
  readonly slices: readonly ProjectedSlice[];
  /** Entries that are no members of filters. */
  readonly marks: readonly Revocation[];
}

export interface MemoryHead {
  /** A new word for each that was saved. */
  readonly id: string;
  /** By the clock of the truth; milliseconds since the Unix epoch. */
  readonly savedAt: number;
  /** Everything that was visible there is in the contents, unless it had expired when it was saved. */
  readonly position: Position;
}

export interface SavedMemory {
  /** What was saved last; undefined when there is none, or it is none of this deployment's. */
  latest(): Promise<FoundMemory | undefined>;
  /** Resolves when whoever starts will find it, with its id. */
  save(memory: MemoryContents & Omit<MemoryHead, 'id'>): Promise<string>;
}

export interface FoundMemory extends MemoryHead {
  /** Undefined unless all of it is there, and as it was saved. */
  read(): Promise<MemoryContents | undefined>;
}

/**
 * Whether it may be loaded at this moment of the truth's clock. Older ones would do; but a database that was put back to an
 * earlier state by hand may use ids of transactions again, and then one from before that must not be about for ever.
 */
export function isFresh({ savedAt }: MemoryHead, now: number): boolean {
  return Math.abs(now - savedAt) <= propagationLimits.savedMemoryUsableMilliseconds;
}

/** Answers what saves memory when that is worth it. One node at a time does it, whichever comes first. */
export function createMemorySaver(parts: {
  saved: SavedMemory;
  denyList: Pick<DenyList, 'slices' | 'marks'>;
  renewal: Pick<Renewal, 'position' | 'rowsRead'>;
  snapshots: RevocationSnapshots;
  clock: Clock;
}): () => Promise<void> {
  const { saved, denyList, renewal, snapshots, clock } = parts;
  let notBefore = Number.NEGATIVE_INFINITY;
  /** The last one that this node has seen, and what it had read by then. */
  let seen = { id: '', rowsRead: 0 };

  const isDue = (latest: MemoryHead | undefined, { history }: Position): boolean => {
    if (latest?.position.history !== history) return true;
    if (latest.id !== seen.id) seen = { id: latest.id, rowsRead: renewal.rowsRead() };
    const age = Math.abs(clock.now() - latest.savedAt);
    if (age >= propagationLimits.savedMemoryKeptMilliseconds) return true;
    return age >= propagationLimits.savedMemoryMilliseconds && renewal.rowsRead() > seen.rowsRead;
  };

  return async () => {
    const position = renewal.position();
    if (position === undefined) return;
    const before = await saved.latest();
    // Also when somebody deletes it again and again: it may be large.
    if (!isDue(before, position) || clock.monotonic() < notBefore) return;
    await snapshots.readAlone('saving', async ({ now }) => {
      // Another node was quicker.
      if ((await saved.latest())?.id !== before?.id) return;
      // Both at once: memory has all that its position covers, and what is added later does no harm.
      const [covered, slices, rowsRead] = [renewal.position(), denyList.slices(), renewal.rowsRead()];
      if (covered === undefined || slices === undefined) return;
      notBefore = clock.monotonic() + propagationLimits.savedMemoryMilliseconds;
      // Whoever loads a mark takes it for committed. One that is, and is not known to be, is not covered by the position yet.
      const marks = denyList.marks().filter(({ committed }) => committed);
      const id = await saved.save({ savedAt: now, position: covered, slices, marks });
      seen = { id, rowsRead };
    });
  };
}
