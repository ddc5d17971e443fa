/**
 * Samples the first few events per name and period, for events worth recording but not each time. Remembers a limited number of
 * names; a forgotten name starts again.
 */
import { LRUCache } from 'lru-cache';

export interface Sampler<Name> {
  /** Counts one; false after enough. `now`: milliseconds of a monotonic clock. */
  isWorthNoting(name: Name, now: number): boolean;
}

export function createSampler<Name extends string>(parts: {
  readonly few: number;
  readonly milliseconds: number;
  readonly names: number;
}): Sampler<Name> {
  const { few, milliseconds, names } = parts;
  const seen = new LRUCache<Name, { readonly since: number; count: number }>({ max: names });
  return {
    isWorthNoting(name, now) {
      const known = seen.get(name);
      if (known === undefined || now - known.since >= milliseconds) {
        seen.set(name, { since: now, count: 1 });
        return true;
      }
      known.count += 1;
      return known.count <= few;
    },
  };
}
