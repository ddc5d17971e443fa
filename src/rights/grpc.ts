/** RoleService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */
import type { Grant } from '@countersign/verifier/contract/generated/countersign/v1/Grant';
import type { GrantRoleRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/GrantRoleRequest';
import type { ListGrantsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/ListGrantsRequest';
import type { RemoveResourceRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/RemoveResourceRequest';
import type { RemoveRoleRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/RemoveRoleRequest';
import type { SetResourceRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/SetResourceRequest';
import type { SetRoleRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/SetRoleRequest';
import type { TakeRoleRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/TakeRoleRequest';
import { invalidField } from '@countersign/verifier/errors';
import { isUuid, type UserId } from '@countersign/verifier/ids';
import type { Subject } from '../sessions/store.ts';
import { actorOf, type Caller } from '../transport/grpc/callers.ts';
import { changes, check, ends, type Methods } from '../transport/grpc/methodRow.ts';
import type { GrpcService } from '../transport/grpc/server.ts';
import type { DefineRights } from './definitions.ts';
import type { Bearer, GrantRights } from './grants.ts';
import { rightsLimits } from './limits.ts';
import type { RoleGrant } from './store.ts';
import type { RightsTakenAway } from './takeAway.ts';

const reading = { permission: 'roles.manage', ...check } as const;
const giving = { permission: 'roles.manage', ...changes } as const;
const taking = { permission: 'roles.manage', ...ends } as const;

export const roleMethods = {
  ListResources: reading,
  SetResource: taking,
  RemoveResource: taking,
  ListRoles: reading,
  SetRole: taking,
  RemoveRole: taking,
  GrantRole: giving,
  TakeRole: taking,
  ListGrants: reading,
} as const satisfies Methods;

export function roleService(operations: DefineRights & GrantRights): GrpcService {
  return {
    methods: roleMethods,
    mount({ v1, add, unary }) {
      const handlers = createRoleService(operations);
      add(v1.RoleService.service, {
        ListResources: unary('ListResources', handlers.ListResources),
        SetResource: unary('SetResource', handlers.SetResource),
        RemoveResource: unary('RemoveResource', handlers.RemoveResource),
        ListRoles: unary('ListRoles', handlers.ListRoles),
        SetRole: unary('SetRole', handlers.SetRole),
        RemoveRole: unary('RemoveRole', handlers.RemoveRole),
        GrantRole: unary('GrantRole', handlers.GrantRole),
        TakeRole: unary('TakeRole', handlers.TakeRole),
        ListGrants: unary('ListGrants', handlers.ListGrants),
      });
    },
  };
}

export function createRoleService(operations: DefineRights & GrantRights) {
  return {
    async ListResources() {
      const resources = await operations.listResources();
      return {
        resources: resources.map(({ audience, scopes, everyone, accessTtlMs = 0 }) => ({
          ...{ audience, scopes: [...scopes], everyone: [...everyone], accessTtlMs },
        })),
      };
    },

    async SetResource({ resource, dryRun }: SetResourceRequest__Output, caller: Caller) {
      if (resource === null) throw invalidField('resource', 'required', 'is missing');
      const { audience, scopes, everyone, accessTtlMs } = resource;
      const given = { audience, scopes, everyone, accessTtlMs: accessTtlMs === 0 ? undefined : accessTtlMs };
      return toTaken(await operations.setResource(given, actorOf(caller), { dryRun }));
    },

    async RemoveResource({ audience, dryRun }: RemoveResourceRequest__Output, caller: Caller) {
      return toTaken(await operations.removeResource(audience, actorOf(caller), { dryRun }));
    },

    async ListRoles() {
      const roles = await operations.listRoles();
      return {
        roles: roles.map(({ name, audiences }) => ({
          name,
          audiences: audiences.map(({ scopes, ...worth }) => ({ ...worth, scopes: [...scopes] })),
        })),
      };
    },

    async SetRole({ name, audience, scopes, secondFactor, dryRun }: SetRoleRequest__Output, caller: Caller) {
      const role = { name, audience, scopes, secondFactor };
      return toTaken(await operations.setRole(role, actorOf(caller), { dryRun }));
    },

    async RemoveRole({ name, audience, dryRun }: RemoveRoleRequest__Output, caller: Caller) {
      const role = { name, audience: audience === '' ? undefined : audience };
      return toTaken(await operations.removeRole(role, actorOf(caller), { dryRun }));
    },

    async GrantRole({ role, expireTimeMs, ...bearer }: GrantRoleRequest__Output, caller: Caller) {
      const expiresAt = expireTimeMs === 0 ? undefined : expireTimeMs;
      return toTaken(await operations.grantRole({ role, ...bearerOf(bearer), expiresAt }, actorOf(caller)));
    },

    async TakeRole({ role, dryRun, ...bearer }: TakeRoleRequest__Output, caller: Caller) {
      return toTaken(await operations.takeRole({ role, ...bearerOf(bearer) }, actorOf(caller), { dryRun }));
    },

    async ListGrants({ userId, clientId, role, pageToken }: ListGrantsRequest__Output) {
      if (role !== '' && (userId !== '' || clientId !== ''))
        throw invalidField('role', 'exclusive', 'must not be set together with user_id or client_id');
      if (role === '')
        return { grants: (await operations.listGrants(bearerOf({ userId, clientId }))).map(toMessage) };
      const after = pageToken === '' ? undefined : (uuidOf('page_token', pageToken) as Subject);
      const grants = await operations.listGrants({ role, after });
      const more = grants.length === rightsLimits.grantsPageRows;
      return { grants: grants.map(toMessage), nextPageToken: more ? (grants.at(-1)?.subject ?? '') : '' };
    },
  };
}

function bearerOf({ userId, clientId }: { readonly userId: string; readonly clientId: string }): Bearer {
  if (clientId === '') return { user: { userId: uuidOf('user_id', userId) as UserId } };
  if (userId !== '') throw invalidField('client_id', 'exclusive', 'must not be set together with user_id');
  return { client: uuidOf('client_id', clientId) };
}

function uuidOf(field: string, text: string): string {
  if (!isUuid(text)) throw invalidField(field, 'format', 'must be a UUID in lower case');
  return text;
}

function toTaken({ sessions, effect }: RightsTakenAway) {
  return { taken: { sessions, effectTimeMs: effect?.effectAt ?? 0 } };
}

function toMessage({ role, subject, grantedAt, grantedBy, expiresAt = 0 }: RoleGrant): Grant {
  return { role, subject, grantTimeMs: grantedAt, grantedBy, expireTimeMs: expiresAt };
}
