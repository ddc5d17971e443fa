/**
 * Rotation on demand: the next key signs from now on. Concurrent requests on any nodes get the same answer, and one key is
 * created.
 */

import { rfc3339 } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import { changeKeyRing, type KeyRingParts } from './changeKeyRing.ts';
import type { KeyRing } from './keyRing.ts';
import type { RingKeeper } from './ringKeeper.ts';
import { inState, readyIn, rotate } from './rotation.ts';

export interface RotatedKey {
  /** The key that signs now. */
  readonly kid: string;
  /** False when another request rotated since this node last read the ring. */
  readonly rotated: boolean;
}

/** Throws `next_key_not_ready` while caches may lack the next key: valid tokens would be refused. */
export type RotateKey = (actor: Actor) => Promise<RotatedKey>;

interface RotateKeyParts extends KeyRingParts {
  readonly database: Database;
  readonly keyRing: Pick<KeyRing, 'signer'>;
  readonly ringKeeper: Pick<RingKeeper, 'fresh' | 'reload'>;
}

export function createRotateKey(parts: RotateKeyParts): RotateKey {
  const { database, keyRing, ringKeeper, policy } = parts;
  return async (actor) => {
    await ringKeeper.fresh();
    const known = keyRing.signer().kid;
    const result = await database.transaction(async (stores) => {
      const ring = await stores.signingKeys.lock();
      const active = inState(ring.keys, 'active')?.kid;
      if (active !== undefined && active !== known) return { kid: active, rotated: false };
      const wait = readyIn(ring, policy);
      if (wait > 0) throw notReady(ring.now, wait);
      const keys = await changeKeyRing(stores, parts, ring, rotate(ring.keys, ring.now), actor);
      return { kid: inState(keys, 'active')?.kid ?? '', rotated: true };
    });
    // This node signs with the new key before it answers.
    await ringKeeper.reload();
    return result;
  };
}

function notReady(now: number, wait: number): AuthorityError {
  return new AuthorityError('next_key_not_ready', {
    detail: `The next key is published, but caches may lack it until ${rfc3339(now + wait)}. Rotate then; in an emergency, revoke the active key.`,
    retryAfterSeconds: Math.ceil(wait / 1000),
  });
}
