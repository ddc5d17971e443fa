import type { Clock } from '@countersign/verifier/clock';
import type { StoredSigningKey } from './store.ts';

type Sighted = Pick<StoredSigningKey, 'kid' | 'state'>;

/** How long this node has seen each key in its current state, by the monotonic clock. */
export interface Sightings {
  /** Adds current keys and forgets those that are gone or changed state. */
  observe(keys: readonly Sighted[]): void;
  /** 0 for a key not seen in this state. */
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
