/** Replaces a user's address by one that was proved just now, with everything that depends on it. */
import type { Actor } from '../../audit/auditEvent.ts';
import type { PasswordAttempts } from '../../login/throttling/passwordAttempts.ts';
import { recoveryPurposes } from '../../notifications/links.ts';
import type { RevokingStores } from '../../revocation/propagation/revokeAndPropagate.ts';
import { factsChanged } from '../../sessions/lookUp/facts.ts';
import type { Email } from '../email.ts';
import type { User } from '../user.ts';

export type MovingParts = { readonly passwordAttempts: Pick<PasswordAttempts, 'forget' | 'passwordChanged'> };

/** The caller holds the lock of the user's row. False without a change when another user has the address. */
export async function moveEmail(
  { passwordAttempts }: MovingParts,
  stores: RevokingStores,
  user: User,
  { email, actor, now }: { readonly email: Email; readonly actor: Actor; readonly now: number },
): Promise<boolean> {
  if ((await stores.users.replaceEmail(user.id, email, now)) === 'email_taken') return false;
  await stores.revoke([factsChanged(user.id, now)]);
  // A recovery link lies in the old mailbox.
  for (const purpose of recoveryPurposes) await stores.oneTimeTokens.forget(user.id, purpose);
  await passwordAttempts.forget(stores, user.email);
  await passwordAttempts.passwordChanged(stores, { email }, actor.ip, now);
  await stores.audit.record({ type: 'email_changed', actor, userId: user.id }, now);
  return true;
}
