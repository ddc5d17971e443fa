/** The format of our own: one JSON object a line, which any system can write. */
import { readHash } from '../../login/passwords/importedHash.ts';
import { normaliseEmail } from '../email.ts';
import type { PhoneNumbers } from '../phone/phoneNumber.ts';
import type { ReadFormat } from './importedUser.ts';
import { flagOf, idOf, localeOf, refuseOthers, requiredText, textOf, timeOf } from './members.ts';

const names = 'email password_hash email_verified phone created_at disabled id locale'.split(' ');

export function createReadOwnRow(phoneNumbers: PhoneNumbers): ReadFormat {
  return async (members, now) => {
    refuseOthers(members, names);
    const phone = textOf(members, 'phone');
    const passwordHash = textOf(members, 'password_hash') ?? '';
    if (passwordHash !== '') readHash(passwordHash);
    const user = {
      email: normaliseEmail(requiredText(members, 'email')),
      passwordHash,
      emailVerified: flagOf(members, 'email_verified', false),
      phone: phone === undefined ? undefined : await phoneNumbers.check(phone),
      createdAt: timeOf(textOf(members, 'created_at'), 'created_at', now),
      disabled: flagOf(members, 'disabled', false),
      id: idOf(members, 'id'),
      locale: localeOf(textOf(members, 'locale'), 'locale'),
    };
    return { user, leftOut: [] };
  };
}
