import type { Clock } from '../core/clock.ts';

/** Since when this node has had each key in its ring, by a clock that never steps. */
export interface Sightings {
  /** Takes up the keys that are there now, and forgets those that are not. */
  observe(keys: readonly { readonly kid: string }[]): void;
  /** 0 for a key that was not observed. */
  seenMs(kid: string): number;
}

export function createSightings(clock: Pick<Clock, 'monotonic'>): Sightings {
  let first = new Map<string, number>();
  return {
    observe(keys) {
      const now = clock.monotonic();
      first = new Map(keys.map(({ kid }) => [kid, first.get(kid) ?? now]));
    },
    seenMs(kid) {
      const at = first.get(kid);
      return at === undefined ? 0 : clock.monotonic() - at;
    },
  };
}
