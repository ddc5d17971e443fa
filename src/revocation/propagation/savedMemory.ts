/**
 * A node's memory, saved for starting nodes. It is used only when complete and written by a node of this deployment. Its age does
 * not matter: what became visible after its position is read from the database. Does not own where it is stored.
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
  /** Entries that are not in filters. */
  readonly marks: readonly Revocation[];
}

export interface MemoryHead {
  /** New for each save. */
  readonly id: string;
  /** By the database's clock; milliseconds since the Unix epoch. */
  readonly savedAt: number;
  /** The contents have everything visible there, except what had expired when saved. */
  readonly position: Position;
}

export interface SavedMemory {
  /** The last saved memory; undefined without one, or when another deployment wrote it. */
  latest(): Promise<FoundMemory | undefined>;
  /** Resolves with its id once starting nodes will find it. */
  save(memory: MemoryContents & Omit<MemoryHead, 'id'>): Promise<string>;
}

export interface FoundMemory extends MemoryHead {
  /** Undefined unless complete and unchanged. */
  read(): Promise<MemoryContents | undefined>;
}

/**
 * Whether it may be loaded, by the database's clock. Old memory is correct, but a database restored by hand may reuse transaction
 * ids, so memory from before must go eventually.
 */
export function isFresh({ savedAt }: MemoryHead, now: number): boolean {
  return Math.abs(now - savedAt) <= propagationLimits.savedMemoryUsableMilliseconds;
}

/** Saves memory when worthwhile. Any node may do it, one at a time. */
export function createMemorySaver(parts: {
  saved: SavedMemory;
  denyList: Pick<DenyList, 'slices' | 'marks'>;
  renewal: Pick<Renewal, 'position' | 'rowsRead'>;
  snapshots: RevocationSnapshots;
  clock: Clock;
}): () => Promise<void> {
  const { saved, denyList, renewal, snapshots, clock } = parts;
  let notBefore = Number.NEGATIVE_INFINITY;
  /** The last save this node saw, and its `rowsRead` then. */
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
    // Limited even if somebody deletes each save: it may be large.
    if (!isDue(before, position) || clock.monotonic() < notBefore) return;
    await snapshots.readAlone('saving', async ({ now }) => {
      // Another node was quicker.
      if ((await saved.latest())?.id !== before?.id) return;
      // Read together: memory has all its position covers, and later additions do no harm.
      const [covered, slices, rowsRead] = [renewal.position(), denyList.slices(), renewal.rowsRead()];
      if (covered === undefined || slices === undefined) return;
      notBefore = clock.monotonic() + propagationLimits.savedMemoryMilliseconds;
      // A loaded mark counts as committed. An uncommitted one is not covered by the position yet.
      const marks = denyList.marks().filter(({ committed }) => committed);
      const id = await saved.save({ savedAt: now, position: covered, slices, marks });
      seen = { id, rowsRead };
    });
  };
}
