/**
 * The first few of each name in a while: for what is worth writing down, but not each time that somebody does it again. Remembers
 * so many names and no more; one that came up longest ago begins anew.
 */
import { LRUCache } from 'lru-cache';

export interface Sampler<Name> {
  /** Counts one; false when there were enough. `now`: milliseconds of a clock that never steps back. */
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
