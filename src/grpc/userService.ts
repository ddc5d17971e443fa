/** UserService: translate, call one flow, translate back. The contract is in proto/countersign/v1. */
import type { Origin } from '../audit/auditEvent.ts';
import type { Service } from '../authn/service.ts';
import type { DeleteUserResponse } from '../contract/generated/countersign/v1/DeleteUserResponse.ts';
import type { DisableUserResponse } from '../contract/generated/countersign/v1/DisableUserResponse.ts';
import type { EnableUserResponse } from '../contract/generated/countersign/v1/EnableUserResponse.ts';
import { invalidField } from '../core/errors.ts';
import { isUuid, type UserId } from '../core/ids.ts';
import type { DeleteUser } from '../flows/deleteUser.ts';
import type { DisableUser } from '../flows/disableUser.ts';
import type { EnableUser } from '../flows/enableUser.ts';
import { checkRequestId } from '../flows/namedRequest.ts';
import { originOf } from './callers.ts';

export interface UserServiceFlows {
  readonly disableUser: DisableUser;
  readonly enableUser: EnableUser;
  readonly deleteUser: DeleteUser;
}

/** What each of its requests says. */
interface NamesUser {
  readonly userId: string;
  readonly requestId: string;
}

export function createUserService({ disableUser, enableUser, deleteUser }: UserServiceFlows) {
  return {
    async DisableUser(request: NamesUser, caller: Service): Promise<DisableUserResponse> {
      const { endedSessions } = await disableUser(named(request), origin(request, caller));
      return { endedSessions };
    },

    async EnableUser(request: NamesUser, caller: Service): Promise<EnableUserResponse> {
      await enableUser(named(request), origin(request, caller));
      return {};
    },

    async DeleteUser(request: NamesUser, caller: Service): Promise<DeleteUserResponse> {
      const { endedSessions } = await deleteUser(named(request), origin(request, caller));
      return { endedSessions };
    },
  };
}

/** Doing any of it again is a success again, so that the id is for the audit trail alone. */
function origin({ requestId }: NamesUser, caller: Service): Origin {
  if (requestId !== '') checkRequestId(requestId);
  return originOf(caller, requestId);
}

function named({ userId }: NamesUser): { readonly userId: UserId } {
  if (!isUuid(userId)) throw invalidField('user_id', 'format', 'must be a UUID in lower case');
  return { userId: userId as UserId };
}
