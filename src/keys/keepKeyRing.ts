/**
 * Reads the key ring and makes the changes that are due; the first node makes them, the others find them made. Scheduled rotation
 * happens only here.
 */

import type { Clock } from '@countersign/verifier/clock';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import { changeKeyRing, type KeyRingParts } from './changeKeyRing.ts';
import type { Keep } from './ringKeeper.ts';
import { decide, type KnownRing } from './rotation.ts';
import { createSightings } from './sightings.ts';
import type { StoredRing } from './store.ts';

const schedule: Actor = { name: 'authority' };

export function createKeepKeyRing(
  parts: KeyRingParts & { readonly database: Database; readonly clock: Pick<Clock, 'monotonic'> },
): Keep {
  const { database, policy, clock } = parts;
  const sightings = createSightings(clock);

  const known = (ring: StoredRing): KnownRing => {
    sightings.observe(ring.keys);
    return { ...ring, seenMs: sightings.seenMs };
  };

  return async () => {
    const seen = known(await database.signingKeys.load());
    const decision = decide(seen, policy);
    if (!decision.due) return { keys: seen.keys, dueInMs: decision.dueInMs };
    const kept = await database.transaction(async (stores) => {
      // Another node may have made them meanwhile.
      const ring = known(await stores.signingKeys.lock());
      const { due, keys, dueInMs } = decide(ring, policy);
      if (!due) return { keys, dueInMs };
      const changed = await changeKeyRing(stores, parts, ring, keys, schedule);
      return { keys: changed, dueInMs: decide({ ...ring, keys: changed }, policy).dueInMs };
    });
    // Only after the commit, which may take long: until then no other node can see these keys.
    sightings.observe(kept.keys);
    return kept;
  };
}
