/** The internal services that may call the gRPC interface: made, listed and revoked by the operator. */
import type { Origin } from '../audit/auditEvent.ts';
import { certificateNameOf } from '../authn/certificateName.ts';
import type { Permission, Service } from '../authn/service.ts';
import { newServiceToken, serviceTokenHash } from '../authn/serviceToken.ts';
import type { Clock } from '../core/clock.ts';
import { AuthorityError, invalidField } from '../core/errors.ts';
import { newId, type ServiceId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import type { Database } from './database.ts';

interface ServiceParts {
  readonly database: Database;
  readonly clock: Clock;
}

export interface NewService {
  readonly name: string;
  readonly permissions: readonly Permission[];
  /** A URI, or else a DNS name, that its client certificates hold as subjectAltName. */
  readonly certificate?: string | undefined;
  /** A token that was made before, so that a start that was cut short can be repeated; else a new one is made. */
  readonly token?: string;
}

/** Answers the service token: the only time it is seen, since only its hash is stored. */
export type CreateService = (service: NewService, origin: Origin) => Promise<{ readonly token: string }>;

const nameShape = new RegExp(`^[a-z0-9][a-z0-9._-]{0,${limits.serviceNameCharacters - 1}}$`);

export function createCreateService({ database, clock }: ServiceParts): CreateService {
  return async ({ name, permissions, certificate, token = newServiceToken() }, origin) => {
    if (!nameShape.test(name)) {
      throw invalidField(
        'name',
        'format',
        `must be 1 to ${limits.serviceNameCharacters} of a-z, 0-9, '.', '_' and '-', beginning with a letter or digit`,
      );
    }
    const tokenHash = serviceTokenHash(token);
    if (tokenHash === undefined) throw invalidField('token', 'format', 'is not a service token');
    const certificateName = certificate === undefined ? undefined : readCertificateName(certificate);
    const now = clock.now();
    await database.transaction(async (stores) => {
      const service = { id: newId<ServiceId>(now), name, permissions, certificateName, createdAt: now };
      const outcome = await stores.services.create(service, tokenHash);
      if (outcome === 'name_taken')
        throw new AuthorityError('name_taken', { detail: `name: ${name} is in use` });
      if (outcome === 'certificate_taken')
        throw new AuthorityError('name_taken', { detail: `certificate: ${certificate} is in use` });
      const detail = {
        permissions,
        ...(certificateName === undefined ? {} : { certificate: certificateName }),
      };
      await stores.audit.record({ type: 'service_created', origin, reason: name, detail }, now);
    });
    return { token };
  };
}

function readCertificateName(text: string): string {
  const name = certificateNameOf(text);
  if (name !== undefined) return name;
  throw invalidField(
    'certificate',
    'format',
    'must be a URI such as spiffe://example.org/api, or a DNS name',
  );
}

export type ListServices = () => Promise<readonly Service[]>;

export function createListServices({ database }: Pick<ServiceParts, 'database'>): ListServices {
  return () => database.services.list();
}

/** Its token, or its certificate, stops within `limits.serviceTokenCacheMilliseconds` on every node. Revoking again is a success again. */
export type RevokeService = (name: string, origin: Origin) => Promise<void>;

export function createRevokeService({ database, clock }: ServiceParts): RevokeService {
  return async (name, origin) => {
    const now = clock.now();
    await database.transaction(async (stores) => {
      const service = await stores.services.findByName(name);
      if (service === undefined)
        throw new AuthorityError('not_found', { detail: `There is no service ${name}.` });
      if (service.revokedAt !== undefined) return;
      await stores.services.revoke(service.id, now);
      await stores.audit.record({ type: 'service_revoked', origin, reason: name }, now);
    });
  };
}
