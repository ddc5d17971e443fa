/** The methods of UserService for support. The contract is in proto/countersign/v1. */

import type { GetUserRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/GetUserRequest';
import type { GetUserResponse } from '@countersign/verifier/contract/generated/countersign/v1/GetUserResponse';
import type { ListUserEventsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/ListUserEventsRequest';
import type { ListUserEventsResponse } from '@countersign/verifier/contract/generated/countersign/v1/ListUserEventsResponse';
import type { ListUsersRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/ListUsersRequest';
import type { ListUsersResponse } from '@countersign/verifier/contract/generated/countersign/v1/ListUsersResponse';
import type { ResetFactorsRequest__Output } from '@countersign/verifier/contract/generated/countersign/v1/ResetFactorsRequest';
import type { ResetFactorsResponse } from '@countersign/verifier/contract/generated/countersign/v1/ResetFactorsResponse';
import type { SetOneTimePasswordResponse } from '@countersign/verifier/contract/generated/countersign/v1/SetOneTimePasswordResponse';
import type { StopFactorsResetResponse } from '@countersign/verifier/contract/generated/countersign/v1/StopFactorsResetResponse';
import type { User as UserMessage } from '@countersign/verifier/contract/generated/countersign/v1/User';
import { invalidField } from '@countersign/verifier/errors';
import type { AuditEventId } from '@countersign/verifier/ids';
import { eventMessage } from '../audit/grpc.ts';
import type { ListAudit } from '../audit/listAudit.ts';
import type { ResetFactors } from '../login/factors/reset/requestReset.ts';
import type { StopReset } from '../login/factors/reset/stopReset.ts';
import { readOrder } from '../platform/listOrder.ts';
import { pageTokenAfter, readPageToken } from '../platform/pageToken.ts';
import type { Sealing } from '../platform/sealing.ts';
import { actorOf, type Caller, requirePermission } from '../transport/grpc/callers.ts';
import { check, ends, type Methods } from '../transport/grpc/methodRow.ts';
import { actor, type NamesUser, named } from './grpcRequests.ts';
import { accountLimits } from './limits.ts';
import type { ListUsers } from './listUsers.ts';
import type { UserName } from './namedUser.ts';
import type { MarkEmailVerified } from './proof/markEmailVerified.ts';
import type { SendRecovery } from './recovery/startRecovery.ts';
import type { SetOneTimePassword } from './setOneTimePassword.ts';
import type { ShowUser } from './showUser.ts';
import type { UnlockUser } from './unlockUser.ts';
import { type ListedUser, userOrders } from './user.ts';
import { createUserPageTokens } from './userPageTokens.ts';

export interface SupportOperations {
  readonly listUsers: ListUsers;
  readonly showUser: ShowUser;
  readonly listAudit: ListAudit;
  readonly sendRecovery: SendRecovery;
  readonly markEmailVerified: MarkEmailVerified;
  readonly setOneTimePassword: SetOneTimePassword;
  readonly resetFactors: ResetFactors;
  readonly stopFactorsReset: StopReset;
  readonly unlockUser: UnlockUser;
  /** Of page tokens. */
  readonly sealing: Pick<Sealing, 'seal' | 'unseal'>;
}

export const supportMethods = {
  ListUsers: { permission: 'users.support', ...check },
  GetUser: { permission: 'users.support', ...check },
  ListUserEvents: { permission: 'users.support', ...check },
  SendRecovery: { permission: 'users.support', ...check, act: 'changes' },
  VerifyEmail: { permission: 'users.support', ...check, act: 'changes' },
  // Also needs users.manage: whoever is told the password is the user, without a word from the owner.
  SetOneTimePassword: { permission: 'users.support', ...ends },
  // At once also needs users.manage: the owner is then told too late to stop it.
  ResetFactors: { permission: 'users.support', ...ends },
  StopFactorsReset: { permission: 'users.support', ...check, act: 'changes' },
  UnlockUser: { permission: 'users.support', ...check, act: 'changes' },
} as const satisfies Methods;

export function createSupportHandlers(operations: SupportOperations) {
  return { ...readingHandlers(operations), ...changingHandlers(operations) };
}

function readingHandlers({ listUsers, showUser, listAudit, sealing }: SupportOperations) {
  const tokens = createUserPageTokens(sealing);
  return {
    async ListUsers(
      { pageSize, pageToken, emailContains: contains, orderBy }: ListUsersRequest__Output,
      caller: Caller,
    ): Promise<ListUsersResponse> {
      const order = readOrder(orderBy, userOrders, { by: 'create_time', way: 'asc' });
      const limit = limitOf(pageSize);
      const after = pageToken === '' ? undefined : tokens.read(pageToken, order);
      const users = await listUsers({ limit, after, contains, order }, actorOf(caller));
      const last = lastOf(users, limit);
      return {
        users: users.map(userMessage),
        nextPageToken: last === undefined ? '' : tokens.after(last, order),
      };
    },

    async GetUser(request: GetUserRequest__Output, caller: Caller): Promise<GetUserResponse> {
      const {
        recoveryCodesLeft,
        factors,
        factorsResetAt = 0,
        ...user
      } = await showUser(nameIn(request), actorOf(caller));
      return {
        ...{ user: userMessage(user), factors: [...factors], recoveryCodesLeft },
        ...{ factorsResetTimeMs: factorsResetAt, sessions: user.sessions.length },
        signIns: user.signIns.map(eventMessage),
      };
    },

    async ListUserEvents(
      request: ListUserEventsRequest__Output,
      caller: Caller,
    ): Promise<ListUserEventsResponse> {
      const { userId } = named({ ...request, requestId: '' });
      const limit = limitOf(request.pageSize);
      const after = request.pageToken === '' ? undefined : readPageToken<AuditEventId>(request.pageToken);
      const type = request.type === '' ? undefined : request.type;
      const events = await listAudit({ userId, type, limit, after }, actorOf(caller));
      const last = lastOf(events, limit);
      return {
        events: events.map(eventMessage),
        nextPageToken: last === undefined ? '' : pageTokenAfter(last.id),
      };
    },
  };
}

function changingHandlers(operations: SupportOperations) {
  const { sendRecovery, markEmailVerified, setOneTimePassword, resetFactors, stopFactorsReset } = operations;
  return {
    async UnlockUser(request: NamesUser, caller: Caller): Promise<Record<string, never>> {
      await operations.unlockUser(named(request), actor(request, caller));
      return {};
    },

    async SendRecovery(request: NamesUser, caller: Caller): Promise<Record<string, never>> {
      await sendRecovery(named(request), actor(request, caller));
      return {};
    },

    async VerifyEmail(request: NamesUser, caller: Caller): Promise<Record<string, never>> {
      await markEmailVerified(named(request), actor(request, caller));
      return {};
    },

    async SetOneTimePassword(request: NamesUser, caller: Caller): Promise<SetOneTimePasswordResponse> {
      requirePermission(caller, 'users.manage');
      const { password, expiresAt, endedSessions } = await setOneTimePassword(
        named(request),
        actor(request, caller),
      );
      return { password, expireTimeMs: expiresAt, endedSessions };
    },

    async ResetFactors(request: ResetFactorsRequest__Output, caller: Caller): Promise<ResetFactorsResponse> {
      const now = request.nowReason === '' ? undefined : request.nowReason;
      if (now !== undefined) requirePermission(caller, 'users.manage');
      const { endedSessions, dueAt } = await resetFactors(named(request), { now }, actor(request, caller));
      return { endedSessions, dueTimeMs: dueAt ?? 0 };
    },

    async StopFactorsReset(request: NamesUser, caller: Caller): Promise<StopFactorsResetResponse> {
      const { wasPlanned } = await stopFactorsReset(named(request), actor(request, caller));
      return { stopped: wasPlanned };
    },
  };
}

function nameIn({ name, userId = '', email = '' }: GetUserRequest__Output): UserName {
  return name === 'email' ? { email } : named({ userId, requestId: '' });
}

function limitOf(size: number): number {
  const { usersPageDefault, grpcPageMaximum } = accountLimits;
  if (size < 0 || size > grpcPageMaximum)
    throw invalidField('page_size', 'range', `must be 1 to ${grpcPageMaximum}, or 0`);
  return size === 0 ? usersPageDefault : size;
}

/** Of a full page: there may be another one. */
function lastOf<Row>(page: readonly Row[], limit: number): Row | undefined {
  return page.length < limit ? undefined : page.at(-1);
}

function userMessage({ id, email, state, emailVerified, createdAt }: ListedUser): UserMessage {
  return { userId: id, email, disabled: state === 'disabled', emailVerified, createTimeMs: createdAt };
}
