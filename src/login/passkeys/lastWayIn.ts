/** The last way to log in to an account cannot be removed. */
import type { User } from '../../accounts/user.ts';
import type { Stores } from '../../database.ts';

/**
 * Whether the user can still log in: with a password, or with a passkey of this host (`rpId`). What only comes after a first
 * factor is no way in, nor is a one-time password, which expires. Call it after a removal, in its transaction and with the user row's lock held: of two removals at once,
 * the second one sees the first.
 */
export async function hasWayIn(
  { passkeys }: Pick<Stores, 'passkeys'>,
  {
    id: userId,
    passwordHash,
    oneTimePasswordUntil,
  }: Pick<User, 'id' | 'passwordHash' | 'oneTimePasswordUntil'>,
  rpId: string | undefined,
): Promise<boolean> {
  if (passwordHash !== '' && oneTimePasswordUntil === undefined) return true;
  return (await passkeys.list(userId)).some((passkey) => passkey.rpId === rpId);
}
