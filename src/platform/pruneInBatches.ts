/** Deletes expired rows in small batches, so that no statement holds a table for long. */
import { platformLimits } from './limits.ts';

/** Calls `prune` until a batch is not full. `prune` deletes at most `limit` rows and returns how many. Returns the total. */
export async function pruneInBatches(prune: (limit: number) => Promise<number>): Promise<number> {
  let total = 0;
  let deleted = 0;
  do {
    deleted = await prune(platformLimits.pruneRows);
    total += deleted;
  } while (deleted === platformLimits.pruneRows);
  return total;
}
