/** What "this was not me" takes back beside the sessions: a factor, recovery codes, or a change of the e-mail. */
import type { Actor } from '../../audit/auditEvent.ts';
import { type TakeFactorParts, takeFactor } from '../../login/factors/removeFactor.ts';
import { notificationLimits } from '../../notifications/limits.ts';
import { occasionOf, type TakenBack } from '../../notifications/notices.ts';
import type { Notify } from '../../notifications/outbox.ts';
import type { RevokingStores } from '../../revocation/propagation/revokeAndPropagate.ts';
import { type RemovingParts, removeUserIn } from '../deleteUser.ts';
import { type MovingParts, moveEmail } from '../proof/moveEmail.ts';
import type { User } from '../user.ts';

export interface TakingBackParts extends TakeFactorParts, Pick<RemovingParts, 'kinds'>, MovingParts {
  readonly notify: Notify;
}

export interface TakingBack {
  readonly user: User;
  readonly actor: Actor;
  readonly now: number;
  /** When what is taken back was done. */
  readonly doneAt: number;
  /** What was done after the first use is the owner's. */
  readonly isFirst: boolean;
}

/** `email_kept`: the address cannot be set back. The caller holds the lock of the user's row. */
export async function takeBack(
  parts: TakingBackParts,
  stores: RevokingStores,
  what: TakenBack,
  how: TakingBack,
): Promise<TakenBack['about'] | 'email_kept'> {
  const { user, actor, now, isFirst } = how;
  if (what.about === 'email') return restoreEmail(parts, stores, what, how);
  if (what.about === 'factor') await takeFactor(parts, stores, { user, id: what.factorId, actor, now });
  if (isFirst && (what.about === 'codes' || what.withCodes)) await stores.recoveryCodes.forget(user.id);
  return what.about;
}

/**
 * Once, and only for a while: later the old mailbox may have another reader. Of several changes the first link wins, since the
 * mailboxes of the later ones may be the thief's: their links are forgotten. Whoever took the old address meanwhile and never proved
 * it is removed, if it was proved before: otherwise the one who changed it may have been the stranger.
 */
async function restoreEmail(
  parts: TakingBackParts,
  stores: RevokingStores,
  { oldEmail: email, newEmail, wasProved }: Extract<TakenBack, { about: 'email' }>,
  { user, actor, now, doneAt, isFirst }: TakingBack,
): Promise<'email' | 'email_kept'> {
  if (user.email === email) return 'email';
  if (!isFirst || now >= doneAt + notificationLimits.emailRestoreMilliseconds) return 'email_kept';
  const found = await stores.users.findByEmail(email);
  const holder = found && (await stores.users.lock(found.id));
  if (holder !== undefined) {
    const isSquatter = holder.emailVerifiedAt === undefined && holder.createdAt > doneAt;
    if (!wasProved || !isSquatter) return 'email_kept';
    await removeUserIn(parts, stores, holder.id, actor, now);
  }
  if (!(await moveEmail(parts, stores, user, { email, actor, now }))) return 'email_kept';
  await stores.oneTimeTokens.forgetTakingBack(user.id, 'email', doneAt);
  const data = occasionOf(actor, now);
  const message = { channel: 'mail', template: 'email_restored', to: newEmail, locale: user.locale } as const;
  await parts.notify(stores, { ...message, data }, { userId: user.id, now });
  return 'email';
}
