/** The last way to log in to an account cannot be removed. */
import type { User } from '../../accounts/user.ts';
import type { Stores } from '../../database.ts';

/** What works here: passkeys of this host, and identities at these providers. */
export interface WaysIn {
  /** Undefined without a host name in ISSUER. */
  readonly rpId: string | undefined;
  /** Names in the settings. */
  readonly providers: readonly string[];
}

/**
 * Whether the user can still log in: with a password, a passkey or a linked identity. What only comes after a first factor is no way in,
 * nor is a one-time password, which expires. Call it after a removal, in its transaction and with the user row's lock held: of two
 * removals at once, the second one sees the first.
 */
export async function hasWayIn(
  { passkeys, linkedIdentities }: Pick<Stores, 'passkeys' | 'linkedIdentities'>,
  {
    id: userId,
    passwordHash,
    oneTimePasswordUntil,
  }: Pick<User, 'id' | 'passwordHash' | 'oneTimePasswordUntil'>,
  { rpId, providers }: WaysIn,
): Promise<boolean> {
  if (passwordHash !== '' && oneTimePasswordUntil === undefined) return true;
  if ((await passkeys.list(userId)).some((passkey) => passkey.rpId === rpId)) return true;
  return (await linkedIdentities.list(userId)).some(({ provider }) => providers.includes(provider));
}
