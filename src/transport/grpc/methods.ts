/** The table of methods: required permission, largest request and longest time. A method missing here is denied to everybody. */

import type { Permission } from '../../services/service.ts';
import { grpcLimits } from './limits.ts';

/** Limits by kind of method. */
const check = { requestBytes: grpcLimits.grpcRequestBytes, milliseconds: grpcLimits.grpcCheckMilliseconds };
const batch = { requestBytes: grpcLimits.grpcBatchBytes, milliseconds: grpcLimits.grpcBatchMilliseconds };
const change = { requestBytes: grpcLimits.grpcRequestBytes, milliseconds: grpcLimits.grpcChangeMilliseconds };
/** Ends only when one side ends it; its messages are as small as a request. */
const stream = { requestBytes: grpcLimits.grpcRequestBytes, milliseconds: Number.POSITIVE_INFINITY };

export interface MethodRow {
  /** `by_target`: the request decides, see `revokePermissions`. */
  readonly permission: Permission | 'by_target';
  /** The caller's longest message. */
  readonly requestBytes: number;
  /** Time limit for a caller without a shorter deadline. */
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
  ListUsers: { permission: 'users.support', ...check },
  GetUser: { permission: 'users.support', ...check },
  ListUserEvents: { permission: 'users.support', ...check },
  SendRecovery: { permission: 'users.support', ...check },
  VerifyEmail: { permission: 'users.support', ...check },
  SetOneTimePassword: { permission: 'users.support', ...change },
  // At once also needs users.manage: the owner is then told too late to stop it.
  ResetFactors: { permission: 'users.support', ...change },
  StopFactorsReset: { permission: 'users.support', ...check },
  ListKeys: { permission: 'keys.manage', ...check },
  RotateKey: { permission: 'keys.manage', ...change },
  RevokeKey: { permission: 'keys.manage', ...change },
  ResealKeys: { permission: 'keys.manage', ...change },
} as const satisfies Record<string, MethodRow>;

export type Method = keyof typeof methods;

/** The permission `Revoke` needs, by target. */
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
