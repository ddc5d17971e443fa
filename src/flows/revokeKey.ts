/**
 * The emergency: a signing key is not ours alone any more. It is dead at once and everywhere, then every session that it
 * signed for ends, so that also those who know a token by its `jti` alone are told. Doing it again is a success, and
 * finishes what was cut short.
 */
import type { Origin } from '../audit/auditEvent.ts';
import { AuthorityError, invalidField } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { isKid, keySubject } from '../keys/publicKey.ts';
import type { RingKeeper } from '../keys/ringKeeper.ts';
import { revokeKey } from '../keys/rotation.ts';
import type { StoredSigningKey } from '../keys/signingKeyStore.ts';
import { wholeHour } from '../revocation/revocation.ts';
import type { SessionRange } from '../sessions/sessionStore.ts';
import { changeKeyRing, type KeyRingParts } from './changeKeyRing.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export interface RevokedKey {
  /** The sessions that ended. */
  readonly endedSessions: number;
  /** When it was in effect for every token of the key, and for every one of those sessions. */
  readonly effectAt: number;
}

/** Throws `invalid_request` for what is no kid, `not_found`, and `unavailable` when it is not known to be in effect: then call again. */
export type RevokeKey = (kid: string, origin: Origin) => Promise<RevokedKey>;

interface RevokeKeyParts extends KeyRingParts, EffectParts {
  readonly ringKeeper: Pick<RingKeeper, 'reload'>;
}

export function createRevokeKey(parts: RevokeKeyParts): RevokeKey {
  return async (kid, origin) => {
    if (!isKid(kid)) throw invalidField('kid', 'format', 'must be the kid of a key: 43 characters');
    const { activatedAt } = await killKey(parts, kid, origin);
    // Here at once; other nodes have it on their deny-list until they look at the ring again.
    await parts.ringKeeper.reload();
    // A key that never signed has no sessions.
    const endedSessions = activatedAt === undefined ? 0 : await endSessionsOf(parts, kid, origin);
    return { endedSessions, effectAt: parts.clock.now() };
  };
}

/** When this is in effect, no node signs with the key any more: it asks the deny-list before it hands out a token. */
async function killKey(parts: RevokeKeyParts, kid: string, origin: Origin): Promise<StoredSigningKey> {
  const now = parts.clock.now();
  const { result } = await withEffect(parts, now, async (stores) => {
    const ring = await stores.signingKeys.lock();
    const key = await stores.signingKeys.find(kid);
    if (key === undefined) throw new AuthorityError('not_found', { detail: 'kid: there is no such key' });
    const expiresAt = forgottenAt(key.revokedAt ?? ring.now);
    // By then no ring has the key.
    if (expiresAt > ring.now)
      await stores.revoke([{ subject: keySubject(kid), reason: 'key_revoked', expiresAt }]);
    if (key.state !== 'revoked') {
      // A retired key is in no ring any more; it is written down all the same.
      const keys = ring.keys.some((each) => each.kid === kid) ? ring.keys : [...ring.keys, key];
      await changeKeyRing(stores, parts, { ...ring, keys }, revokeKey(keys, kid, ring.now), origin);
    }
    return key;
  });
  return result;
}

/**
 * Longer than any node believes in a ring that it has not looked at again, and than any token of the key lives. Revoking again
 * does not lengthen it.
 */
function forgottenAt(revokedAt: number): number {
  const seconds = limits.accessTokenMaximumSeconds + limits.revocationMarginSeconds;
  return wholeHour(revokedAt + seconds * 1000);
}

/** Page by page: each is one transaction and is brought into effect, so that no lock is held for long. */
async function endSessionsOf(parts: RevokeKeyParts, signedWith: string, origin: Origin): Promise<number> {
  const reason = 'key_revoked';
  const { sessions } = parts.database;
  let count = 0;
  let range: SessionRange = { after: undefined, last: undefined };
  do {
    range = await sessions.nextRange(range.last, limits.sessionsPageRows);
    const selection = { signedWith, range };
    const now = parts.clock.now();
    const { result } = await withEffect(parts, now, async ({ endSessions, audit }) => {
      const ended = await endSessions(selection, reason);
      const events = ended.map(
        ({ id, userId }) => ({ type: 'session_ended', origin, userId, sessionId: id, reason }) as const,
      );
      await audit.recordAll(events, now);
      return ended.length;
    });
    count += result;
  } while (range.last !== undefined);
  return count;
}
