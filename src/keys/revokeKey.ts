/**
 * Emergency: revokes a leaked signing key everywhere at once, then ends every session it signed for, so that callers that check
 * only a `jti` learn of it too. Repeating it succeeds and completes an interrupted run.
 */

import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import { afterEveryToken, type EffectReport } from '@countersign/verifier/revocation/revocation';
import { isKid, keySubject } from '@countersign/verifier/tokens/publicKey';
import type { Actor } from '../audit/auditEvent.ts';
import { type NamedRequest, nameRequest, openRequest } from '../revocation/idempotency.ts';
import {
  type Effective,
  type RevokingParts,
  revokeAndPropagate,
} from '../revocation/propagation/revokeAndPropagate.ts';
import type { RevokeOptions } from '../revocation/revoke.ts';
import { countByPage, endSessionsByPage, worseOf } from '../sessions/endSessionsByPage.ts';
import type { SelectInRange } from '../sessions/store.ts';
import { changeKeyRing, type KeyRingParts } from './changeKeyRing.ts';
import type { RingKeeper } from './ringKeeper.ts';
import { revokeKey } from './rotation.ts';
import type { StoredSigningKey } from './store.ts';

export interface RevokedKey {
  readonly endedSessions: number;
  /** For a dry run: sessions that would end. */
  readonly matchedSessions: number;
  /** When the revocation of the key and of all those sessions was in effect; 0 for a dry run. */
  readonly effectAt: number;
  readonly effect: EffectReport | undefined;
}

/** Throws `invalid_request` for a malformed kid, `not_found`, and `unavailable` when it may not be in effect: call again. */
export type RevokeKey = (kid: string, actor: Actor, options?: RevokeOptions) => Promise<RevokedKey>;

interface RevokeKeyParts extends KeyRingParts, RevokingParts {
  readonly ringKeeper: Pick<RingKeeper, 'reload'>;
}

export function createRevokeKey(parts: RevokeKeyParts): RevokeKey {
  const { database, clock } = parts;
  return async (kid, actor, { dryRun = false, requestId } = {}) => {
    if (!isKid(kid)) throw invalidField('kid', 'format', 'must be the kid of a key: 43 characters');
    if (dryRun) return rehearse(parts, kid);
    const request = nameRequest(requestId, actor, { kid });
    const { result: key, effect } = await killKey(parts, kid, actor, request);
    // Reloads this node's ring; other nodes have the key on their deny-list until they reload.
    await parts.ringKeeper.reload();
    // A key that never signed has no sessions.
    const ended =
      key.activatedAt === undefined
        ? { endedSessions: 0, effect: undefined }
        : await endSessionsByPage(parts, { select: sessionsOf(kid), reason: 'key_revoked', actor, request });
    const endedSessions =
      request === undefined
        ? ended.endedSessions
        : await database.transaction(({ requests }) => requests.note(request, 0, true));
    return {
      endedSessions,
      matchedSessions: 0,
      effectAt: clock.now(),
      effect: worseOf(effect, ended.effect),
    };
  };
}

function sessionsOf(signedWith: string): SelectInRange {
  return (range) => ({ signedWith, range });
}

async function rehearse(parts: RevokeKeyParts, kid: string): Promise<RevokedKey> {
  const key = await parts.database.signingKeys.find(kid);
  if (key === undefined) throw noSuchKey();
  const matchedSessions = key.activatedAt === undefined ? 0 : await countByPage(parts, sessionsOf(kid));
  return { endedSessions: 0, matchedSessions, effectAt: 0, effect: undefined };
}

function noSuchKey(): AuthorityError {
  return new AuthorityError('not_found', { detail: 'kid: there is no such key' });
}

/** Once this is in effect, no node signs with the key: each asks the deny-list before it returns a token. */
function killKey(
  parts: RevokeKeyParts,
  kid: string,
  actor: Actor,
  request: NamedRequest | undefined,
): Promise<Effective<StoredSigningKey>> {
  const now = parts.clock.now();
  return revokeAndPropagate(parts, now, async (stores) => {
    if (request !== undefined) await openRequest(stores, request, now);
    const ring = await stores.signingKeys.lock();
    const key = await stores.signingKeys.find(kid);
    if (key === undefined) throw noSuchKey();
    // Outlasts the oldest ring any node still uses. Revoking again does not extend it.
    const expiresAt = afterEveryToken(key.revokedAt ?? ring.now);
    // After that, no ring has the key.
    if (expiresAt > ring.now)
      await stores.revoke([{ subject: keySubject(kid), reason: 'key_revoked', expiresAt }]);
    if (key.state !== 'revoked') {
      // A retired key is in no ring, but its revocation is recorded all the same.
      const keys = ring.keys.some((each) => each.kid === kid) ? ring.keys : [...ring.keys, key];
      await changeKeyRing(stores, parts, { ...ring, keys }, revokeKey(keys, kid, ring.now), actor);
    }
    return key;
  });
}
