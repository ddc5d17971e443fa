/** Lists users for support, newest first, in pages by key. */
import { invalidField } from '@countersign/verifier/errors';
import { isUuid, type UserId } from '@countersign/verifier/ids';
import type { Database } from '../database.ts';
import { accountLimits } from './limits.ts';
import type { UserRow } from './user.ts';

/** `after`: the last user of the previous page. Throws `invalid_request` naming the field. */
export type ListUsers = (page: {
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}) => Promise<readonly UserRow[]>;

export function createListUsers({ database }: { readonly database: Pick<Database, 'users'> }): ListUsers {
  return async ({ limit = accountLimits.usersListDefault, after }) => {
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > accountLimits.usersListMaximum)
      throw invalidField('limit', 'range', `must be a number from 1 to ${accountLimits.usersListMaximum}`);
    if (after !== undefined && !isUuid(after))
      throw invalidField('after', 'format', 'must be a UUID in lower case');
    return database.users.list({ limit, before: after as UserId | undefined });
  };
}
