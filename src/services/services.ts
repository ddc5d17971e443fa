/** Administration of the services that call the gRPC interface, by the operator: create, list, rotate, revoke. */

import { type Clock, rfc3339 } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { ServiceId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import { certificateNameOf } from '../platform/certificateName.ts';
import { newId } from '../platform/newId.ts';
import { serviceLimits } from './limits.ts';
import type { NewServiceToken, Permission, Service, ServicePage, ServiceWithTokens } from './service.ts';
import { newServiceToken, serviceTokenHash } from './serviceToken.ts';

interface ServiceParts {
  readonly database: Database;
  readonly clock: Clock;
}

export interface NewService {
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** The subjectAltName of its client certificates: a URI or a DNS name. */
  readonly certificate?: string | undefined;
  /** Milliseconds since the Unix epoch; undefined: the token never expires. */
  readonly expiresAt?: number | undefined;
  /** A service without any of it, by default. */
  readonly client?: Partial<ClientSettings>;
  /** Without a secret: it has a key, or it is public. */
  readonly withoutSecret?: boolean;
  /** An existing token, so that an interrupted start can be repeated; by default a new one is created. */
  readonly token?: string;
}

/** Returns the service token, empty without one. This is the only time: just its hash is stored. */
export type CreateService = (
  service: NewService,
  actor: Actor,
) => Promise<{ readonly id: ServiceId; readonly token: string }>;

/** What only OAuth clients have. */
export type ClientSettings = Omit<
  Service,
  'id' | 'name' | 'permissions' | 'certificateName' | 'createdAt' | 'disabledAt' | 'revokedAt'
>;

const onlyService: ClientSettings = {
  kind: 'service',
  audiences: [],
  scopes: [],
  redirectUris: [],
  postLogoutRedirectUris: [],
  backchannelLogoutUri: undefined,
  subjectSalt: undefined,
  jwks: undefined,
  certificateBound: false,
};

const nameShape = new RegExp(`^[a-z0-9][a-z0-9._-]{0,${serviceLimits.serviceNameCharacters - 1}}$`);

export function createCreateService({ database, clock }: ServiceParts): CreateService {
  return async ({ name, permissions, certificate, expiresAt, client = {}, ...given }, actor) => {
    const token = given.withoutSecret === true ? '' : (given.token ?? newServiceToken());
    if (!nameShape.test(name)) {
      throw invalidField(
        'name',
        'format',
        `must be 1 to ${serviceLimits.serviceNameCharacters} of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit`,
      );
    }
    const certificateName = certificate === undefined ? undefined : readCertificateName(certificate);
    const now = clock.now();
    const stored = token === '' ? undefined : storedToken(token, now, expiresAt, actor);
    const id = newId<ServiceId>(now);
    await database.transaction(async (stores) => {
      const service = {
        ...{ ...onlyService, ...client },
        id,
        name,
        permissions,
        certificateName,
        createdAt: now,
      };
      const outcome = await stores.services.create(service, stored);
      if (outcome === 'name_taken')
        throw new AuthorityError('name_taken', { detail: `name: ${name} is in use` });
      if (outcome === 'certificate_taken') throw certificateTaken();
      const detail = {
        ...{ client_id: id, kind: service.kind, permissions },
        ...(certificateName === undefined ? {} : { certificate: certificateName }),
        ...(expiresAt === undefined ? {} : { token_expires_at: rfc3339(expiresAt) }),
      };
      await stores.audit.record({ type: 'service_created', actor, reason: name, detail }, now);
    });
    return { id, token };
  };
}

export function certificateTaken(): AuthorityError {
  return new AuthorityError('name_taken', { detail: 'certificate: another service or client has this name' });
}

export function readCertificateName(text: string): string {
  const name = certificateNameOf(text);
  if (name !== undefined) return name;
  throw invalidField(
    'certificate',
    'format',
    'must be a URI such as spiffe://example.org/api, or a DNS name',
  );
}

export interface TokenRotation {
  readonly name: string;
  readonly expiresAt?: number | undefined;
  /** How long the latest token stays valid, unless it expires earlier. */
  readonly keepOldMs?: number | undefined;
}

/**
 * Returns a new service token. The latest one stays valid for a while, so that it can be replaced in use; an older one ends, and
 * each node notices within `serviceLimits.serviceTokenCacheMilliseconds`. Throws `not_found` unless the service is live.
 */
export type RotateServiceToken = (
  rotation: TokenRotation,
  actor: Actor,
) => Promise<{ readonly token: string; readonly oldUntil: number }>;

export function createRotateServiceToken({ database, clock }: ServiceParts): RotateServiceToken {
  return async ({ name, expiresAt, keepOldMs = serviceLimits.serviceTokenKeptMilliseconds }, actor) => {
    const most = serviceLimits.serviceTokenKeptMaximumMilliseconds;
    if (!(keepOldMs >= 0 && keepOldMs <= most))
      throw invalidField('keep_old', 'range', `must be at most ${most / 86_400_000} days`);
    const token = newServiceToken();
    const now = clock.now();
    const stored = storedToken(token, now, expiresAt, actor);
    const oldUntil = now + keepOldMs;
    await database.transaction(async (stores) => {
      const service = await stores.services.findNamed(name);
      if (service === undefined || service.revokedAt !== undefined)
        throw new AuthorityError('not_found', { detail: `There is no live service ${name}.` });
      if (!(await stores.services.hasSecret(service.id)))
        throw invalidField('name', 'secret', 'this client has no secret: it has a key, or is public');
      await stores.services.rotate(service.id, stored, oldUntil);
      const detail = {
        old_token_until: rfc3339(oldUntil),
        ...(expiresAt === undefined ? {} : { token_expires_at: rfc3339(expiresAt) }),
      };
      await stores.audit.record({ type: 'service_token_rotated', actor, reason: name, detail }, now);
    });
    return { token, oldUntil };
  };
}

function storedToken(
  token: string,
  createdAt: number,
  expiresAt: number | undefined,
  { name }: Actor,
): NewServiceToken {
  const hash = serviceTokenHash(token);
  if (hash === undefined) throw invalidField('token', 'format', 'is not a service token');
  const latest = createdAt + serviceLimits.serviceTokenLifeMaximumMilliseconds;
  if (expiresAt !== undefined && !(expiresAt > createdAt && expiresAt <= latest))
    throw invalidField('expires_at', 'range', 'must be in the future, by at most 10 years');
  return { hash, createdAt, createdBy: name, expiresAt };
}

/** All, or a page. */
export type ListServices = (page?: ServicePage) => Promise<readonly ServiceWithTokens[]>;

export function createListServices({ database }: Pick<ServiceParts, 'database'>): ListServices {
  return (page) => database.services.list(page);
}
