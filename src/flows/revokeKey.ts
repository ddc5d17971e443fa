/**
 * The emergency: a signing key is not ours alone any more. It is dead at once and everywhere, then every session that it
 * signed for ends, so that also those who know a token by its `jti` alone are told. Doing it again is a success, and
 * finishes what was cut short.
 */
import type { Origin } from '../audit/auditEvent.ts';
import { AuthorityError, invalidField } from '../core/errors.ts';
import type { SessionId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import type { RingKeeper } from '../keys/ringKeeper.ts';
import { revokeKey } from '../keys/rotation.ts';
import { isKid, keySubject } from '../keys/signingKey.ts';
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
    await killKey(parts, kid, origin);
    // Here at once; other nodes have it on their deny-list until they look at the ring again.
    await parts.ringKeeper.reload();
    const endedSessions = await endSessionsOf(parts, kid);
    return { endedSessions, effectAt: parts.clock.now() };
  };
}

/** When this is in effect, no node signs with the key any more: it asks the deny-list before it hands out a token. */
async function killKey(parts: RevokeKeyParts, kid: string, origin: Origin): Promise<void> {
  const now = parts.clock.now();
  await withEffect(parts, now, async (stores) => {
    const ring = await stores.signingKeys.lock();
    const key = await stores.signingKeys.find(kid);
    if (key === undefined) throw new AuthorityError('not_found', { detail: 'kid: there is no such key' });
    await stores.revoke([{ subject: keySubject(kid), reason: 'key_revoked', expiresAt: now + rememberMs }]);
    if (key.state === 'revoked') return;
    // A retired key is in no ring any more; it is written down all the same.
    const keys = ring.keys.some((each) => each.kid === kid) ? ring.keys : [...ring.keys, key];
    await changeKeyRing(stores, parts, { ...ring, keys }, revokeKey(keys, kid, ring.now), origin);
  });
}

/** Longer than any node believes in a ring that it has not looked at again, and than any token of the key lives. */
const rememberMs = (limits.accessTokenMaximumSeconds + limits.revocationMarginSeconds) * 1000;

/** Page by page: each is one transaction and is brought into effect, so that no lock is held for long. */
async function endSessionsOf(parts: RevokeKeyParts, signedWith: string): Promise<number> {
  let ended = 0;
  let after: SessionId | undefined;
  do {
    const selection = { signedWith, after, limit: limits.sessionsOfKeyRows };
    const { result } = await withEffect(parts, parts.clock.now(), (stores) =>
      stores.endPage(selection, 'key_revoked'),
    );
    ended += result.ended;
    after = result.last;
  } while (after !== undefined);
  return ended;
}
