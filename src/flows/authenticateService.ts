/** Which service calls? Looked up by the hash of its token, or the names in its certificate, and believed for a moment, so that a call costs no query. */
import { LRUCache } from 'lru-cache';
import type { Service } from '../authn/service.ts';
import { serviceTokenHash } from '../authn/serviceToken.ts';
import { type Clock, withDeadline } from '../core/clock.ts';
import { AuthorityError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { Database } from './database.ts';

export type ServiceCredential =
  | { readonly token: string }
  /** Of a certificate that was verified; see `authn/certificateName.ts`. */
  | { readonly certificateNames: readonly string[] };

/**
 * Answers `undefined` for what belongs to no live service; at once when it was looked up a moment ago. Rejects with
 * `unavailable` when nobody can tell.
 */
export type AuthenticateService = (
  credential: ServiceCredential,
) => Service | undefined | Promise<Service | undefined>;

interface LookedUp {
  readonly service: Service | undefined;
  /** On the monotonic clock, like all times here: before the look-up, so that it is believed no longer than promised. */
  readonly askedAt: number;
  readonly believedUntil: number;
}

export function createAuthenticateService(parts: {
  database: Pick<Database, 'services'>;
  clock: Clock;
}): AuthenticateService {
  const { database, clock } = parts;
  // Apart, so that who makes up tokens pushes no service out.
  const services = new LRUCache<string, LookedUp>({ max: limits.serviceTokenCacheEntries });
  const strangers = new LRUCache<string, LookedUp>({ max: limits.serviceTokenCacheEntries });
  const knownOf = (key: string) => services.get(key) ?? strangers.get(key);
  const underWay = new Map<string, Promise<Service | undefined>>();

  const ask = async (credential: ServiceCredential, key: string): Promise<Service | undefined> => {
    const askedAt = clock.monotonic();
    try {
      const lookup =
        'token' in credential
          ? database.services.findByTokenHash(Buffer.from(key, 'latin1'))
          : database.services.findByCertificateNames(credential.certificateNames);
      const service = await withDeadline(clock, limits.confirmationMilliseconds, lookup, tooLate);
      const believedUntil = askedAt + limits.serviceTokenCacheMilliseconds;
      services.delete(key);
      (service === undefined ? strangers : services).set(key, { service, askedAt, believedUntil });
      return service;
    } catch (error) {
      const known = services.get(key);
      const oldest = clock.monotonic() - limits.serviceTokenStaleMilliseconds;
      if (known?.service === undefined || known.askedAt < oldest) throw error;
      // While nobody can tell, a service that was good a moment ago is: its checks are answered from memory.
      services.set(key, {
        ...known,
        believedUntil: clock.monotonic() + limits.serviceTokenRetryMilliseconds,
      });
      return known.service;
    }
  };

  /** However many call with one of them, it is looked up once at a time. */
  const askOnce = (credential: ServiceCredential, key: string): Promise<Service | undefined> => {
    const known = underWay.get(key);
    if (
      known === undefined &&
      underWay.size >= limits.serviceLookupsAtOnce &&
      services.get(key) === undefined
    )
      throw new AuthorityError('overloaded', { retryAfterSeconds: 1, reason: 'service_lookups' });
    const asked = known ?? ask(credential, key).finally(() => underWay.delete(key));
    underWay.set(key, asked);
    return asked;
  };

  return (credential) => {
    const key = keyOf(credential);
    if (key === undefined) return undefined;
    const known = knownOf(key);
    const now = clock.monotonic();
    if (known === undefined || known.believedUntil <= now) return askOnce(credential, key);
    // Before it is too old, so that calls rarely wait for a look-up.
    if (now - known.askedAt > limits.serviceTokenCacheMilliseconds / 2) {
      askOnce(credential, key).catch(() => {});
    }
    return known.service;
  };
}

/** Undefined for what cannot be anybody's. No hash is as long as a name with what stands before it is. */
function keyOf(credential: ServiceCredential): string | undefined {
  if ('token' in credential) return serviceTokenHash(credential.token)?.toString('latin1');
  const { certificateNames: names } = credential;
  return names.length === 0 ? undefined : `certificate of ${JSON.stringify(names)}`;
}

function tooLate(): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'service_lookup_deadline' });
}
