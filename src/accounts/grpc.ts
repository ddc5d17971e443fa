/** UserService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */

import type { DeleteUserResponse } from '@countersign/verifier/contract/generated/countersign/v1/DeleteUserResponse';
import type { DisableUserResponse } from '@countersign/verifier/contract/generated/countersign/v1/DisableUserResponse';
import type { EnableUserResponse } from '@countersign/verifier/contract/generated/countersign/v1/EnableUserResponse';
import type { Caller } from '../transport/grpc/callers.ts';
import { check, ends, type Methods } from '../transport/grpc/methodRow.ts';
import type { GrpcService } from '../transport/grpc/server.ts';
import type { DeleteUser } from './deleteUser.ts';
import type { DisableUser } from './disableUser.ts';
import type { EnableUser } from './enableUser.ts';
import { actor, type NamesUser, named } from './grpcRequests.ts';
import { createSupportHandlers, type SupportOperations, supportMethods } from './supportGrpc.ts';

export interface UserServiceOperations extends SupportOperations {
  readonly disableUser: DisableUser;
  readonly enableUser: EnableUser;
  readonly deleteUser: DeleteUser;
}

export const userMethods = {
  DisableUser: { permission: 'users.manage', ...ends },
  EnableUser: { permission: 'users.manage', ...check, act: 'changes' },
  DeleteUser: { permission: 'users.manage', ...ends },
  ...supportMethods,
} as const satisfies Methods;

export function userService(operations: UserServiceOperations): GrpcService {
  return {
    methods: userMethods,
    mount({ v1, add, unary }) {
      const handlers = createUserService(operations);
      const support = createSupportHandlers(operations);
      add(v1.UserService.service, {
        DisableUser: unary('DisableUser', handlers.DisableUser),
        EnableUser: unary('EnableUser', handlers.EnableUser),
        DeleteUser: unary('DeleteUser', handlers.DeleteUser),
        ListUsers: unary('ListUsers', support.ListUsers),
        GetUser: unary('GetUser', support.GetUser),
        ListUserEvents: unary('ListUserEvents', support.ListUserEvents),
        SendRecovery: unary('SendRecovery', support.SendRecovery),
        VerifyEmail: unary('VerifyEmail', support.VerifyEmail),
        SetOneTimePassword: unary('SetOneTimePassword', support.SetOneTimePassword),
        ResetFactors: unary('ResetFactors', support.ResetFactors),
        StopFactorsReset: unary('StopFactorsReset', support.StopFactorsReset),
        UnlockUser: unary('UnlockUser', support.UnlockUser),
      });
    },
  };
}

export function createUserService({
  disableUser,
  enableUser,
  deleteUser,
}: Pick<UserServiceOperations, 'disableUser' | 'enableUser' | 'deleteUser'>) {
  return {
    async DisableUser(request: NamesUser, caller: Caller): Promise<DisableUserResponse> {
      const { endedSessions } = await disableUser(named(request), actor(request, caller));
      return { endedSessions };
    },

    async EnableUser(request: NamesUser, caller: Caller): Promise<EnableUserResponse> {
      await enableUser(named(request), actor(request, caller));
      return {};
    },

    async DeleteUser(request: NamesUser, caller: Caller): Promise<DeleteUserResponse> {
      const { endedSessions } = await deleteUser(named(request), actor(request, caller));
      return { endedSessions };
    },
  };
}
