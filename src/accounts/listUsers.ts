/** Lists users, in pages by key. */
import { invalidField } from '@countersign/verifier/errors';
import { isUuid, type UserId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import { type ReadingParts, recordReading } from '../audit/recordReading.ts';
import type { Database } from '../database.ts';
import type { Email } from './email.ts';
import { accountLimits } from './limits.ts';
import type { ListedUser, UserOrder } from './user.ts';

export interface UserPage {
  readonly limit?: number | undefined;
  /** The id of the last user of the previous page; in the order of e-mails, the e-mail that it had there. */
  readonly after?: string | undefined;
  /** Only those whose e-mail contains this, in any case. */
  readonly contains?: string | undefined;
  /** In the order of registration by default. */
  readonly order?: UserOrder;
}

/** Recorded when somebody reads it. Throws `invalid_request` naming the field. */
export type ListUsers = (page: UserPage, reader?: Actor) => Promise<readonly ListedUser[]>;

export function createListUsers(
  parts: ReadingParts & { readonly database: Pick<Database, 'users'> },
): ListUsers {
  return async ({ limit = accountLimits.usersPageDefault, after, contains = '', order }, reader) => {
    if (!Number.isSafeInteger(limit) || limit < 1 || limit > accountLimits.usersPageMaximum)
      throw invalidField('limit', 'range', `must be a number from 1 to ${accountLimits.usersPageMaximum}`);
    if (after !== undefined && order?.by !== 'email' && !isUuid(after))
      throw invalidField('after', 'format', 'must be a UUID in lower case');
    if (Buffer.byteLength(contains) > accountLimits.emailBytes)
      throw invalidField('email_contains', 'length', `must have at most ${accountLimits.emailBytes} bytes`);
    await recordReading(parts, reader, { view: 'users' });
    const text = contains.normalize('NFC').toLowerCase();
    return parts.database.users.list({
      ...{ limit, after: after as UserId | Email | undefined, contains: text },
      ...(order === undefined ? {} : { order }),
    });
  };
}
