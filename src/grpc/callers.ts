/**
 * Who calls, and may they? Each method has its permission here; a method that is not in the table is denied to all.
 */
import type { Metadata } from '@grpc/grpc-js';
import type { Permission, Service } from '../authn/service.ts';
import { AuthorityError } from '../core/errors.ts';
import type { AuthenticateService } from '../flows/authenticateService.ts';

export const methodPermissions = {
  IsRevoked: 'tokens.check',
  BatchIsRevoked: 'tokens.check',
  Introspect: 'tokens.introspect',
  Revoke: 'tokens.revoke',
  WatchRevocations: 'tokens.check',
  ListKeys: 'keys.manage',
  RotateKey: 'keys.manage',
  RevokeKey: 'keys.manage',
  ResealKeys: 'keys.manage',
} as const satisfies Record<string, Permission>;

export type Method = keyof typeof methodPermissions;

const bearerShape = /^Bearer +(\S+)$/i;

export type Authorize = (method: Method, metadata: Metadata) => Promise<Service>;

/** Throws `token_required` (UNAUTHENTICATED) without a live service token, `permission_denied` without the permission. */
export function createAuthorize(authenticateService: AuthenticateService): Authorize {
  return async (method, metadata) => {
    const [header, ...others] = metadata.get('authorization');
    const token =
      typeof header === 'string' && others.length === 0 ? bearerShape.exec(header)?.[1] : undefined;
    const service = token === undefined ? undefined : await authenticateService(token);
    if (service === undefined) {
      throw new AuthorityError('token_required', {
        detail: 'authorization: a live service token is required, as "Bearer <service token>"',
        reason: token === undefined ? 'no_service_token' : 'unknown_service_token',
      });
    }
    const permission = methodPermissions[method];
    if (!service.permissions.includes(permission)) {
      throw new AuthorityError('permission_denied', {
        detail: `This service token does not have the permission ${permission}.`,
        reason: permission,
      });
    }
    return service;
  };
}
