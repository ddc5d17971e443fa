/** Authenticates and authorises gRPC callers. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { Metadata } from '@grpc/grpc-js';
import type { Actor } from '../../audit/auditEvent.ts';
import { certificateNames } from '../../platform/certificateName.ts';
import type { AuthenticateService, ServiceCredential } from '../../services/authenticateService.ts';
import type { Permission, Service } from '../../services/service.ts';
import { grpcLimits } from './limits.ts';
import type { MethodRow } from './methodRow.ts';

/** Who calls: a service, or over HTTP a user whose roles carry permissions (`transport/api/callers.ts`). */
export interface Caller extends Pick<Service, 'name' | 'audiences'> {
  readonly permissions: readonly string[];
  /** As the audit log names it; for a service, its name is enough. */
  readonly actor?: Actor;
  readonly isUser?: boolean;
}

/** A unary or streaming call's data about its caller. */
export interface Calling {
  readonly metadata: Metadata;
  getAuthContext(): { readonly sslPeerCertificate?: { readonly subjectaltname?: string } };
}

/** Returns at once when the service is cached, which is nearly always. */
export type Authorize = (method: MethodRow, call: Calling) => Service | Promise<Service>;

const bearerShape = /^Bearer +(\S+)$/i;

/**
 * By service token, or by client certificate without one. Throws `token_required` (UNAUTHENTICATED) without either,
 * `permission_denied` without the permission.
 */
export function createAuthorize(authenticateService: AuthenticateService): Authorize {
  return ({ permission }, call) => {
    requireSmall(call.metadata);
    const credential = credentialOf(call);
    const service = credential === undefined ? undefined : authenticateService(credential);
    return service instanceof Promise
      ? service.then((found) => permitted(found, credential, permission))
      : permitted(service, credential, permission);
  };
}

/**
 * The service of a token in a header when it is known at once and has the permission; undefined or an error else. Remembers what the
 * connection sent last, so that a token is parsed and hashed once. Whether it is still a live service's is asked each time.
 */
export type AuthorizeByHeader = (
  method: MethodRow,
  connection: object,
  authorization: string,
) => Service | undefined;

export function createAuthorizeByHeader(authenticateService: AuthenticateService): AuthorizeByHeader {
  const sent = new WeakMap<
    object,
    { readonly authorization: string; readonly credential: ServiceCredential }
  >();
  const credentialFor = (connection: object, authorization: string): ServiceCredential | undefined => {
    const last = sent.get(connection);
    if (last?.authorization === authorization) return last.credential;
    const token = bearerShape.exec(authorization)?.[1];
    if (token === undefined) return undefined;
    const credential = { token };
    sent.set(connection, { authorization, credential });
    return credential;
  };
  return ({ permission }, connection, authorization) => {
    const credential = credentialFor(connection, authorization);
    const service = credential && authenticateService(credential);
    if (service instanceof Promise) {
      service.catch(() => {});
      return undefined;
    }
    const isPermitted = permission !== 'by_request' && service?.permissions.includes(permission);
    return isPermitted === true ? service : undefined;
  };
}

/** A token takes precedence, even a wrong one. */
function credentialOf(call: Calling): ServiceCredential | undefined {
  const [header, ...others] = call.metadata.get('authorization');
  if (header === undefined) {
    const { sslPeerCertificate } = call.getAuthContext();
    return sslPeerCertificate && { certificateNames: certificateNames(sslPeerCertificate.subjectaltname) };
  }
  const token = typeof header === 'string' && others.length === 0 ? bearerShape.exec(header)?.[1] : undefined;
  return token === undefined ? undefined : { token };
}

function permitted(
  service: Service | undefined,
  credential: ServiceCredential | undefined,
  permission: MethodRow['permission'],
): Service {
  if (service === undefined) {
    const ofCertificate = credential !== undefined && 'certificateNames' in credential;
    const unknown = ofCertificate ? 'unknown_certificate' : 'unknown_service_token';
    throw new AuthorityError('token_required', {
      detail: ofCertificate
        ? 'The client certificate names no live service, and no service token was sent.'
        : 'authorization: a live service token is required, as "Bearer <service token>"',
      reason: credential === undefined ? 'no_service_token' : unknown,
    });
  }
  if (permission !== 'by_request') requirePermission(service, permission);
  return service;
}

export function requirePermission({ permissions, isUser = false }: Caller, permission: Permission): void {
  if (permissions.includes(permission)) return;
  throw new AuthorityError('permission_denied', {
    detail: `This ${isUser ? 'user' : 'service'} does not have the permission ${permission}.`,
    reason: permission,
  });
}

/** The library accepts HTTP/2's maximum, far more than callers need. */
function requireSmall(metadata: Metadata): void {
  let bytes = 0;
  const all = metadata.toJSON();
  for (const name in all) {
    for (const value of all[name] ?? []) bytes += name.length + value.length;
  }
  if (bytes <= grpcLimits.grpcMetadataBytes) return;
  throw new AuthorityError('payload_too_large', {
    detail: `metadata: must have at most ${grpcLimits.grpcMetadataBytes} bytes`,
    errors: [
      {
        field: 'metadata',
        rule: 'length',
        message: `must have at most ${grpcLimits.grpcMetadataBytes} bytes`,
      },
    ],
    reason: 'metadata',
  });
}

/** The actor for the audit log, with the caller's name for the request, if any. */
export function actorOf({ name, actor = { name: `service:${name}` } }: Caller, requestId = ''): Actor {
  return requestId === '' ? actor : { ...actor, requestId };
}
