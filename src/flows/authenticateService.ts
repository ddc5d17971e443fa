/** Which service calls? Looked up by the hash of its token and believed for a moment, so that a call costs no query. */
import { LRUCache } from 'lru-cache';
import type { Service } from '../authn/service.ts';
import { serviceTokenHash } from '../authn/serviceToken.ts';
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';
import type { Database } from './database.ts';

/** Answers `undefined` for a token that belongs to no live service. */
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
    const service = await database.services.findByTokenHash(tokenHash);
    lookedUp.set(key, { service, until: clock.monotonic() + limits.serviceTokenCacheMilliseconds });
    return service;
  };
}
