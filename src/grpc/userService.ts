/** UserService: translate, call one flow, translate back. The contract is in proto/countersign/v1. */
import type { Service } from '../authn/service.ts';
import type { DeleteUserResponse } from '../contract/generated/countersign/v1/DeleteUserResponse.ts';
import type { DisableUserResponse } from '../contract/generated/countersign/v1/DisableUserResponse.ts';
import type { EnableUserResponse } from '../contract/generated/countersign/v1/EnableUserResponse.ts';
import { invalidField } from '../core/errors.ts';
import { isUuid, type UserId } from '../core/ids.ts';
import type { DeleteUser } from '../flows/deleteUser.ts';
import type { DisableUser } from '../flows/disableUser.ts';
import type { EnableUser } from '../flows/enableUser.ts';
import { originOf } from './callers.ts';

export interface UserServiceFlows {
  readonly disableUser: DisableUser;
  readonly enableUser: EnableUser;
  readonly deleteUser: DeleteUser;
}

/** What each of its requests says. */
interface NamesUser {
  readonly userId: string;
}

export function createUserService({ disableUser, enableUser, deleteUser }: UserServiceFlows) {
  return {
    async DisableUser(request: NamesUser, caller: Service): Promise<DisableUserResponse> {
      const { endedSessions } = await disableUser(named(request), originOf(caller));
      return { endedSessions };
    },

    async EnableUser(request: NamesUser, caller: Service): Promise<EnableUserResponse> {
      await enableUser(named(request), originOf(caller));
      return {};
    },

    async DeleteUser(request: NamesUser, caller: Service): Promise<DeleteUserResponse> {
      const { endedSessions } = await deleteUser(named(request), originOf(caller));
      return { endedSessions };
    },
  };
}

function named({ userId }: NamesUser): { readonly userId: UserId } {
  if (!isUuid(userId)) throw invalidField('user_id', 'format', 'must be a UUID in lower case');
  return { userId: userId as UserId };
}
