/**
 * One look at the key ring: what is due is done, by whichever node comes first; the others find it done. Rotation on
 * schedule happens here and nowhere else.
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
      // Another node may have done it since.
      const ring = known(await stores.signingKeys.lock());
      const { due, keys, dueInMs } = decide(ring, policy);
      if (!due) return { keys, dueInMs };
      const changed = await changeKeyRing(stores, parts, ring, keys, schedule);
      return { keys: changed, dueInMs: decide({ ...ring, keys: changed }, policy).dueInMs };
    });
    // Not before: nobody else can see them until the commit, which may take long.
    sightings.observe(kept.keys);
    return kept;
  };
}
