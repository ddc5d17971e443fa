/** Who calls, and may they? */
import type { Metadata } from '@grpc/grpc-js';
import type { Origin } from '../audit/auditEvent.ts';
import type { Permission, Service } from '../authn/service.ts';
import { AuthorityError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import type { AuthenticateService } from '../flows/authenticateService.ts';
import { type Method, methods } from './methods.ts';

/** What a call, unary or a stream, tells of who makes it. */
export interface Calling {
  readonly metadata: Metadata;
}

/** At once where the service was looked up a moment ago, which is nearly always. */
export type Authorize = (method: Method, call: Calling) => Service | Promise<Service>;

const bearerShape = /^Bearer +(\S+)$/i;

/** Throws `token_required` (UNAUTHENTICATED) without a live service token, `permission_denied` without the permission. */
export function createAuthorize(authenticateService: AuthenticateService): Authorize {
  return (method, { metadata }) => {
    requireSmall(metadata);
    const [header, ...others] = metadata.get('authorization');
    const token =
      typeof header === 'string' && others.length === 0 ? bearerShape.exec(header)?.[1] : undefined;
    const service = token === undefined ? undefined : authenticateService(token);
    const { permission } = methods[method];
    return service instanceof Promise
      ? service.then((found) => permitted(found, token, permission))
      : permitted(service, token, permission);
  };
}

function permitted(service: Service | undefined, token: string | undefined, permission: Permission): Service {
  if (service === undefined) {
    throw new AuthorityError('token_required', {
      detail: 'authorization: a live service token is required, as "Bearer <service token>"',
      reason: token === undefined ? 'no_service_token' : 'unknown_service_token',
    });
  }
  requirePermission(service, permission);
  return service;
}

export function requirePermission({ permissions }: Service, permission: Permission): void {
  if (permissions.includes(permission)) return;
  throw new AuthorityError('permission_denied', {
    detail: `This service does not have the permission ${permission}.`,
    reason: permission,
  });
}

/** The library takes whatever HTTP/2 does, which is far more than any caller needs. */
function requireSmall(metadata: Metadata): void {
  let bytes = 0;
  const all = metadata.toJSON();
  for (const name in all) {
    for (const value of all[name] ?? []) bytes += name.length + value.length;
  }
  if (bytes <= limits.grpcMetadataBytes) return;
  throw new AuthorityError('payload_too_large', {
    detail: `metadata: must have at most ${limits.grpcMetadataBytes} bytes`,
    errors: [
      { field: 'metadata', rule: 'length', message: `must have at most ${limits.grpcMetadataBytes} bytes` },
    ],
    reason: 'metadata',
  });
}

/** Who did it, for the audit trail; with the name that the caller gave to the request, if any. */
export function originOf({ name }: Service, requestId = ''): Origin {
  const actor = `service:${name}`;
  return requestId === '' ? { actor } : { actor, requestId };
}
