import type { Clock } from '@countersign/verifier/clock';
import type { StoredSigningKey } from './store.ts';

type Sighted = Pick<StoredSigningKey, 'kid' | 'state'>;

/** Since when this node has seen each key in the state that it is in, by a clock that never steps. */
export interface Sightings {
  /** Takes up the keys that are there now, and forgets those that are not, or not in this state. */
  observe(keys: readonly Sighted[]): void;
  /** 0 for a key that was not observed in this state. */
  seenMs(key: Sighted): number;
}

export function createSightings(clock: Pick<Clock, 'monotonic'>): Sightings {
  let first = new Map<string, number>();
  return {
    observe(keys) {
      const now = clock.monotonic();
      first = new Map(keys.map(nameOf).map((name) => [name, first.get(name) ?? now]));
    },
    seenMs(key) {
      const at = first.get(nameOf(key));
      return at === undefined ? 0 : clock.monotonic() - at;
    },
  };
}

function nameOf({ kid, state }: Sighted): string {
  return `${state} ${kid}`;
}
