/**
 * Accounts: users, and how they, a service or the operator create, change, disable and delete them. Does not own proving
 * passwords (`login/`) or sessions (`sessions/`).
 */

import type { ResetFactors } from '../login/factors/resetFactors.ts';
import type { Config } from '../platform/config/config.ts';
import type { Counted } from '../revocation/countFailures.ts';
import type { SpendRevokeBudget } from '../revocation/revokeBudgets.ts';
import { type ChangePasswordParts, createChangePassword } from './changePassword.ts';
import { createDeleteAccount } from './deleteAccount.ts';
import { createDeleteUser, type DeletingParts } from './deleteUser.ts';
import { createDisableUser } from './disableUser.ts';
import { createEnableUser } from './enableUser.ts';
import { userService } from './grpc.ts';
import { deleteRoute, meRoute, passwordRoute, registerRoute } from './http.ts';
import { createListUsers } from './listUsers.ts';
import { createRegister, type RegisterParts } from './register.ts';
import { createShowUser } from './showUser.ts';
import { createUnlockUser } from './unlockUser.ts';

export interface AccountParts extends ChangePasswordParts, DeletingParts, RegisterParts {
  readonly passwords: ChangePasswordParts['passwords'] & RegisterParts['passwords'];
  readonly passwordAttempts: ChangePasswordParts['passwordAttempts'] & RegisterParts['passwordAttempts'];
  readonly registration: Config['registration'];
  readonly spendRevokeBudget: SpendRevokeBudget;
  readonly counted: Counted;
  readonly resetFactors: ResetFactors;
}

export function mountAccounts({ counted, ...parts }: AccountParts) {
  const { database, clock } = parts;
  const operations = {
    register: createRegister(parts),
    changePassword: counted(createChangePassword(parts)),
    deleteAccount: counted(createDeleteAccount(parts)),
    disableUser: counted(createDisableUser(parts)),
    enableUser: createEnableUser({ database, clock }),
    deleteUser: counted(createDeleteUser(parts)),
    unlockUser: createUnlockUser(parts),
    showUser: createShowUser(parts),
    listUsers: createListUsers({ database }),
  };
  return {
    operations,
    routes: [
      registerRoute(operations.register),
      passwordRoute(operations.changePassword),
      deleteRoute(operations.deleteAccount),
      meRoute,
    ],
    service: userService({ ...operations, resetFactors: parts.resetFactors }),
  };
}
