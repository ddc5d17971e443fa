/** Forgets what has expired in the truth: in small batches, so that no statement holds a table for long. */
import { limits } from '../core/limits.ts';
import type { ReadTime } from '../core/steadyTime.ts';
import type { RevocationStore } from './revocation.ts';

/** Answers how many rows it deleted. */
export async function prune(store: Pick<RevocationStore, 'prune'>, earliestTime: ReadTime): Promise<number> {
  let total = 0;
  let deleted = 0;
  do {
    deleted = await store.prune(earliestTime(), limits.pruneRows);
    total += deleted;
  } while (deleted === limits.pruneRows);
  return total;
}
