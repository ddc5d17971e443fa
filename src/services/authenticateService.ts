/**
 * Identifies the calling service by its token's hash or its certificate's names. Results are cached briefly, so that a call costs
 * no query.
 */

import { type Clock, rfc3339, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import type { ReadTime } from '@countersign/verifier/steadyTime';
import { LRUCache } from 'lru-cache';
import type { Database } from '../database.ts';
import { serviceLimits } from './limits.ts';
import type { Service, ServiceToken } from './service.ts';
import { serviceTokenHash } from './serviceToken.ts';

export type ServiceCredential =
  | { readonly token: string }
  /** From a verified certificate; see `services/certificateName.ts`. */
  | { readonly certificateNames: readonly string[] };

/**
 * Returns `undefined` when no live service matches; at once when cached. Throws, or rejects with, `token_required` for an expired
 * token, and `unavailable` when nobody can tell.
 */
export type AuthenticateService = (
  credential: ServiceCredential,
) => Service | undefined | Promise<Service | undefined>;

/** The token's times; undefined means never. The connection checks a certificate's times. */
interface Found extends Partial<Pick<ServiceToken, 'expiresAt' | 'lastUsedAt'>> {
  readonly service: Service | undefined;
}

interface LookedUp extends Found {
  /** On the monotonic clock. Taken before the look-up, so that the cache is never trusted too long. */
  readonly askedAt: number;
  readonly believedUntil: number;
}

interface Parts {
  readonly database: Pick<Database, 'services'>;
  readonly clock: Clock;
  /** The time by which expiry is judged. */
  readonly latestTime: ReadTime;
}

export function createAuthenticateService(parts: Parts): AuthenticateService {
  const { clock, latestTime } = parts;
  // Separate caches: invented tokens must not evict services.
  const services = new LRUCache<string, LookedUp>({ max: serviceLimits.serviceTokenCacheEntries });
  const strangers = new LRUCache<string, LookedUp>({ max: serviceLimits.serviceTokenCacheEntries });
  const underWay = new Map<string, Promise<LookedUp>>();
  const noteUse = createNoteUse(parts);
  /** A token is hashed once for each object: the transport keeps one for each connection. */
  const keys = new WeakMap<ServiceCredential, string>();
  const keyFor = (credential: ServiceCredential) => {
    const known = keys.get(credential);
    if (known !== undefined) return known;
    const key = keyOf(credential);
    if (key !== undefined) keys.set(credential, key);
    return key;
  };

  const ask = async (credential: ServiceCredential, key: string): Promise<LookedUp> => {
    const askedAt = clock.monotonic();
    try {
      const lookup = lookUp(parts.database, credential, key);
      const found = await withDeadline(clock, verifierLimits.confirmationMilliseconds, lookup, tooLate);
      const entry = {
        ...found,
        askedAt,
        believedUntil: askedAt + serviceLimits.serviceTokenCacheMilliseconds,
      };
      services.delete(key);
      (found.service === undefined ? strangers : services).set(key, entry);
      if ('token' in credential) noteUse(key, found);
      return entry;
    } catch (error) {
      const known = services.get(key);
      const oldest = clock.monotonic() - serviceLimits.serviceTokenStaleMilliseconds;
      if (known?.service === undefined || known.askedAt < oldest) throw error;
      // During an outage a recently valid service stays valid: its checks are answered from memory.
      const entry = {
        ...known,
        believedUntil: clock.monotonic() + serviceLimits.serviceTokenRetryMilliseconds,
      };
      services.set(key, entry);
      return entry;
    }
  };

  /** At most one look-up at a time per credential, however many calls use it. */
  const askOnce = async (credential: ServiceCredential, key: string): Promise<LookedUp> => {
    const known = underWay.get(key);
    const isService = services.has(key);
    if (known === undefined && !isService && underWay.size >= serviceLimits.serviceLookupsAtOnce)
      throw new AuthorityError('overloaded', { retryAfterSeconds: 1, reason: 'service_lookups' });
    const asked = known ?? ask(credential, key).finally(() => underWay.delete(key));
    underWay.set(key, asked);
    return asked;
  };

  const unexpired = ({ service, expiresAt }: LookedUp): Service | undefined => {
    if (service === undefined || expiresAt === undefined || latestTime() < expiresAt) return service;
    throw new AuthorityError('token_required', {
      detail: `authorization: this service token expired at ${rfc3339(expiresAt)}; ask the operator for a new one`,
      reason: 'service_token_expired',
    });
  };

  return (credential) => {
    const key = keyFor(credential);
    if (key === undefined) return undefined;
    const known = services.get(key) ?? strangers.get(key);
    const now = clock.monotonic();
    if (known === undefined || known.believedUntil <= now) return askOnce(credential, key).then(unexpired);
    // Refreshed early, so that calls rarely wait for a look-up.
    if (now - known.askedAt > serviceLimits.serviceTokenCacheMilliseconds / 2) {
      askOnce(credential, key).catch(() => {});
    }
    return unexpired(known);
  };
}

async function lookUp(
  { services }: Parts['database'],
  credential: ServiceCredential,
  key: string,
): Promise<Found> {
  if ('certificateNames' in credential)
    return { service: await services.findByCertificateNames(credential.certificateNames) };
  const found = await services.findByTokenHash(Buffer.from(key, 'latin1'));
  return { service: found?.service, expiresAt: found?.token.expiresAt, lastUsedAt: found?.token.lastUsedAt };
}

/** Runs beside the call, which does not wait; at most once an hour, even after a failure. */
function createNoteUse({ database, clock, latestTime }: Parts): (key: string, found: Found) => void {
  const noted = new LRUCache<string, number>({ max: serviceLimits.serviceTokenCacheEntries });
  const everyMs = serviceLimits.serviceTokenUseMilliseconds;
  return (key, { service, expiresAt, lastUsedAt = Number.NEGATIVE_INFINITY }) => {
    const now = clock.now();
    const isLive = service !== undefined && (expiresAt === undefined || latestTime() < expiresAt);
    const triedAt = noted.get(key) ?? Number.NEGATIVE_INFINITY;
    if (!isLive || now - lastUsedAt < everyMs || clock.monotonic() - triedAt < everyMs) return;
    noted.set(key, clock.monotonic());
    database.services.noteUse(Buffer.from(key, 'latin1'), now, everyMs).catch(() => {});
  };
}

/** Undefined for an impossible credential. A prefixed name is never as long as a hash, so keys cannot collide. */
function keyOf(credential: ServiceCredential): string | undefined {
  if ('token' in credential) return serviceTokenHash(credential.token)?.toString('latin1');
  const { certificateNames: names } = credential;
  return names.length === 0 ? undefined : `certificate of ${JSON.stringify(names)}`;
}

function tooLate(): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'service_lookup_deadline' });
}
