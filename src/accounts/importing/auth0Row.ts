/** A user of an Auth0 export with password hashes: one line of its file. */
import { readHash } from '../../login/passwords/importedHash.ts';
import { normaliseEmail } from '../email.ts';
import type { ReadFormat } from './importedUser.ts';
import { flagOf, type Members, objectOf, refuseOthers, requiredText, textOf, timeOf } from './members.ts';

const taken = '_id email email_verified passwordHash blocked created_at'.split(' ');
/** Says nothing of the user that would be lost. */
const idle = 'password_set_date tenant connection _tmp_is_unique updated_at user_id __v'.split(' ');
/** Has no place here. */
const known = [
  ...'username name nickname given_name family_name picture phone_number phone_verified identities'.split(
    ' ',
  ),
  ...'user_metadata app_metadata multifactor last_login last_ip logins_count'.split(' '),
];

export const readAuth0Row: ReadFormat = async (members, now) => {
  refuseOthers(members, [...taken, ...idle, ...known]);
  const passwordHash = textOf(members, 'passwordHash') ?? '';
  if (passwordHash !== '') readHash(passwordHash, 'passwordHash');
  const user = {
    email: normaliseEmail(requiredText(members, 'email')),
    passwordHash,
    emailVerified: flagOf(members, 'email_verified', false),
    createdAt: timeOf(dateOf(members, 'created_at'), 'created_at', now),
    disabled: flagOf(members, 'blocked', false),
  };
  return { user, leftOut: known.filter((name) => (members[name] ?? undefined) !== undefined) };
};

/** Plain, or as MongoDB exports it. */
function dateOf(members: Members, name: string): string | undefined {
  if (typeof members[name] === 'string') return textOf(members, name);
  const date = objectOf(members, name);
  return date && requiredText(date, '$date');
}
