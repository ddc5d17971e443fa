/**
 * The table of methods: who may call each, how large its request may be, and how long it may take. A method that is not in
 * the table is denied to all.
 */

import type { Permission } from '../../services/service.ts';
import { grpcLimits } from './limits.ts';

/** What a method does, as far as it matters for its limits. */
const check = { requestBytes: grpcLimits.grpcRequestBytes, milliseconds: grpcLimits.grpcCheckMilliseconds };
const batch = { requestBytes: grpcLimits.grpcBatchBytes, milliseconds: grpcLimits.grpcBatchMilliseconds };
const change = { requestBytes: grpcLimits.grpcRequestBytes, milliseconds: grpcLimits.grpcChangeMilliseconds };
/** Lives until one of both ends it; each of its messages is as small as a request. */
const stream = { requestBytes: grpcLimits.grpcRequestBytes, milliseconds: Number.POSITIVE_INFINITY };

export interface MethodRow {
  /** `by_target`: the request decides, see `revokePermissions`. */
  readonly permission: Permission | 'by_target';
  /** The longest message of a caller. */
  readonly requestBytes: number;
  /** For how long a caller that set no shorter deadline is answered. */
  readonly milliseconds: number;
}

export const methods = {
  IsRevoked: { permission: 'tokens.check', ...check },
  BatchIsRevoked: { permission: 'tokens.check', ...batch },
  Introspect: { permission: 'tokens.introspect', ...check },
  BatchIntrospect: { permission: 'tokens.introspect', ...batch },
  Revoke: { permission: 'by_target', ...change },
  WatchRevocations: { permission: 'tokens.check', ...stream },
  ListSessions: { permission: 'sessions.read', ...check },
  EndSession: { permission: 'sessions.end', ...change },
  DisableUser: { permission: 'users.manage', ...change },
  EnableUser: { permission: 'users.manage', ...check },
  DeleteUser: { permission: 'users.manage', ...change },
  ListKeys: { permission: 'keys.manage', ...check },
  RotateKey: { permission: 'keys.manage', ...change },
  RevokeKey: { permission: 'keys.manage', ...change },
  ResealKeys: { permission: 'keys.manage', ...change },
} as const satisfies Record<string, MethodRow>;

export type Method = keyof typeof methods;

/** What `Revoke` takes, by the target that the request names, one permission each. */
export const revokePermissions = {
  token: 'tokens.revoke',
  jti: 'tokens.revoke',
  externalId: 'external_ids.revoke',
  sessionId: 'sessions.end',
  userId: 'users.logout',
  clientId: 'sessions.end_matching',
  filter: 'sessions.end_matching',
  kid: 'keys.manage',
} as const satisfies Record<string, Permission>;
