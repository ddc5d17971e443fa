/** Which service calls? Looked up by the hash of its token and believed for a moment, so that a call costs no query. */
import { LRUCache } from 'lru-cache';
import type { Service } from '../authn/service.ts';
import { serviceTokenHash } from '../authn/serviceToken.ts';
import { type Clock, withDeadline } from '../core/clock.ts';
import { AuthorityError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Database } from './database.ts';

/** Answers `undefined` for a token that belongs to no live service. Rejects with `unavailable` when nobody can tell. */
export type AuthenticateService = (token: string) => Promise<Service | undefined>;

export function createAuthenticateService(parts: { database: Database; clock: Clock }): AuthenticateService {
  const { database, clock } = parts;
  const lookedUp = new LRUCache<string, { service: Service | undefined; until: number }>({
    max: limits.serviceTokenCacheEntries,
  });
  return async (token) => {
    const tokenHash = serviceTokenHash(token);
    if (tokenHash === undefined) return undefined;
    const key = tokenHash.toString('latin1');
    const known = lookedUp.get(key);
    if (known !== undefined && known.until > clock.monotonic()) return known.service;
    // From before the look-up: what was revoked since then is believed no longer than promised.
    const until = clock.monotonic() + limits.serviceTokenCacheMilliseconds;
    const lookup = database.services.findByTokenHash(tokenHash);
    const service = await withDeadline(clock, limits.confirmationMilliseconds, lookup, tooLate);
    lookedUp.set(key, { service, until });
    return service;
  };
}

function tooLate(): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'service_lookup_deadline' });
}
