/**
 * Which refused refreshes are worth a row of the audit trail: the first few of a session in an hour. A token that is dead stays
 * dead however often it is sent, and sending it must not fill a table.
 */
import { LRUCache } from 'lru-cache';
import type { SessionId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';

export interface RefusalMemory {
  /** Counts one; false when enough were written down. `now`: milliseconds of a clock that never steps back. */
  isWorthNoting(id: SessionId, now: number): boolean;
}

export function createRefusalMemory(): RefusalMemory {
  const seen = new LRUCache<SessionId, { readonly since: number; count: number }>({
    max: limits.refusalsRemembered,
  });
  return {
    isWorthNoting(id, now) {
      const known = seen.get(id);
      if (known === undefined || now - known.since >= limits.refusalsRecordedMilliseconds) {
        seen.set(id, { since: now, count: 1 });
        return true;
      }
      known.count += 1;
      return known.count <= limits.refusalsRecorded;
    },
  };
}
