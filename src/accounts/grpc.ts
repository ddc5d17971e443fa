/** UserService: translate, call one operation, translate back. The contract is in proto/countersign/v1. */

import type { DeleteUserResponse } from '@countersign/verifier/contract/generated/countersign/v1/DeleteUserResponse';
import type { DisableUserResponse } from '@countersign/verifier/contract/generated/countersign/v1/DisableUserResponse';
import type { EnableUserResponse } from '@countersign/verifier/contract/generated/countersign/v1/EnableUserResponse';
import type { ResetFactorsResponse } from '@countersign/verifier/contract/generated/countersign/v1/ResetFactorsResponse';
import { invalidField } from '@countersign/verifier/errors';
import { isUuid, type UserId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { ResetFactors } from '../login/factors/resetFactors.ts';
import { checkRequestId } from '../revocation/idempotency.ts';
import type { Service } from '../services/service.ts';
import { actorOf } from '../transport/grpc/callers.ts';
import { change, check, type Methods } from '../transport/grpc/methods.ts';
import type { GrpcService } from '../transport/grpc/server.ts';
import type { DeleteUser } from './deleteUser.ts';
import type { DisableUser } from './disableUser.ts';
import type { EnableUser } from './enableUser.ts';

export interface UserServiceOperations {
  readonly disableUser: DisableUser;
  readonly enableUser: EnableUser;
  readonly deleteUser: DeleteUser;
  readonly resetFactors: ResetFactors;
}

/** Members that all requests have. */
interface NamesUser {
  readonly userId: string;
  readonly requestId: string;
}

export const userMethods = {
  DisableUser: { permission: 'users.manage', ...change },
  EnableUser: { permission: 'users.manage', ...check },
  DeleteUser: { permission: 'users.manage', ...change },
  ResetFactors: { permission: 'users.manage', ...change },
} as const satisfies Methods;

export function userService(operations: UserServiceOperations): GrpcService {
  return {
    methods: userMethods,
    mount({ v1, add, unary }) {
      const handlers = createUserService(operations);
      add(v1.UserService.service, {
        DisableUser: unary('DisableUser', handlers.DisableUser),
        EnableUser: unary('EnableUser', handlers.EnableUser),
        DeleteUser: unary('DeleteUser', handlers.DeleteUser),
        ResetFactors: unary('ResetFactors', handlers.ResetFactors),
      });
    },
  };
}

export function createUserService({
  disableUser,
  enableUser,
  deleteUser,
  resetFactors,
}: UserServiceOperations) {
  return {
    async DisableUser(request: NamesUser, caller: Service): Promise<DisableUserResponse> {
      const { endedSessions } = await disableUser(named(request), actor(request, caller));
      return { endedSessions };
    },

    async EnableUser(request: NamesUser, caller: Service): Promise<EnableUserResponse> {
      await enableUser(named(request), actor(request, caller));
      return {};
    },

    async DeleteUser(request: NamesUser, caller: Service): Promise<DeleteUserResponse> {
      const { endedSessions } = await deleteUser(named(request), actor(request, caller));
      return { endedSessions };
    },

    async ResetFactors(request: NamesUser, caller: Service): Promise<ResetFactorsResponse> {
      const { endedSessions } = await resetFactors(named(request), actor(request, caller));
      return { endedSessions };
    },
  };
}

/** These operations are repeatable by themselves; `request_id` only enters the audit log. */
function actor({ requestId }: NamesUser, caller: Service): Actor {
  if (requestId !== '') checkRequestId(requestId);
  return actorOf(caller, requestId);
}

function named({ userId }: NamesUser): { readonly userId: UserId } {
  if (!isUuid(userId)) throw invalidField('user_id', 'format', 'must be a UUID in lower case');
  return { userId: userId as UserId };
}
