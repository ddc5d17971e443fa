/** A user as named by an operator or a service. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import type { Database } from '../database.ts';
import { normaliseEmail } from './email.ts';
import type { User } from './user.ts';

export type UserName = { readonly email: string } | { readonly userId: UserId };

/** Throws `not_found`, and `invalid_request` for a malformed e-mail. */
export async function findNamedUser({ users }: Database, name: UserName): Promise<User> {
  const user =
    'email' in name ? await users.findByEmail(normaliseEmail(name.email)) : await users.find(name.userId);
  if (user === undefined) throw new AuthorityError('not_found', { detail: 'There is no such user.' });
  return user;
}
