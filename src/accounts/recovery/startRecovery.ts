/**
 * Begins recovery: mails a link that sets a new password. Answer, work and time are the same for every address, whether a user has
 * it or not.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { PasswordAttempts } from '../../login/throttling/passwordAttempts.ts';
import { notificationLimits } from '../../notifications/limits.ts';
import { type MakeLink, recoveryPurposes } from '../../notifications/links.ts';
import { occasionOf } from '../../notifications/notices.ts';
import { type Notify, writeDecoy } from '../../notifications/outbox.ts';
import { newId } from '../../platform/newId.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import { type Email, normaliseEmail } from '../email.ts';
import { type SpendMail, tooManyMails } from '../mailBudgets.ts';
import { findNamedUser, type UserName } from '../namedUser.ts';
import type { User } from '../user.ts';

export interface StartRecoveryParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly makeLink: MakeLink;
  readonly notify: Notify;
  readonly requireMail: () => void;
  readonly spendMail: SpendMail;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly passwordAttempts: Pick<PasswordAttempts, 'isKnownPlace'>;
}

/** Throws `mail_not_configured`. */
export type StartRecovery = (email: string, actor: Actor) => Promise<void>;

export function createStartRecovery(parts: StartRecoveryParts): StartRecovery {
  return async (text, actor) => {
    parts.requireMail();
    const email = normaliseEmail(text);
    // An owner in a known place does not share the strangers' budget.
    if (!(await parts.passwordAttempts.isKnownPlace(email, actor)))
      await parts.rateLimits.spend(actor, 'mail', 'global');
    const isAllowed = await parts.spendMail('recovery', email, actor);
    const now = parts.clock.now();
    await parts.database.transaction(async (stores) => {
      const user = await stores.users.findByEmail(email);
      const isSent = user !== undefined && user.disabledAt === undefined && isAllowed;
      await (isSent ? sendLink(parts, stores, user, actor, now) : pretend(parts, stores, email, now));
    });
  };
}

/** Throws `mail_not_configured`, `not_found`, `permission_denied` for a disabled user, and `rate_limited`. */
export type SendRecovery = (name: UserName, actor: Actor) => Promise<UserId>;

/** For support: the answer says whether there is such a user. */
export function createSendRecovery(parts: StartRecoveryParts): SendRecovery {
  return async (name, actor) => {
    parts.requireMail();
    const user = await findNamedUser(parts.database, name);
    if (user.disabledAt !== undefined)
      throw new AuthorityError('permission_denied', { detail: 'The user is disabled; enable it first.' });
    if (!(await parts.spendMail('sent_recovery', user.email, actor))) throw tooManyMails();
    const now = parts.clock.now();
    await parts.database.transaction((stores) => sendLink(parts, stores, user, actor, now));
    return user.id;
  };
}

/** The link itself, for the operator to hand over. Throws `not_found`, and `permission_denied` for a disabled user. */
export type MakeRecoveryLink = (name: UserName, actor: Actor) => Promise<string>;

export function createMakeRecoveryLink({
  database,
  clock,
  makeLink,
}: Pick<StartRecoveryParts, 'database' | 'clock' | 'makeLink'>): MakeRecoveryLink {
  return async (name, actor) => {
    const { id: userId, email, disabledAt } = await findNamedUser(database, name);
    if (disabledAt !== undefined)
      throw new AuthorityError('permission_denied', { detail: 'The user is disabled; enable it first.' });
    const now = clock.now();
    return database.transaction(async (stores) => {
      for (const purpose of recoveryPurposes) await stores.oneTimeTokens.forget(userId, purpose);
      await stores.audit.record({ type: 'recovery_requested', actor, userId, reason: 'operator' }, now);
      return makeLink(stores, {
        purpose: 'handed_recovery',
        userId,
        detail: { email, by_operator: true },
        now,
      });
    });
  };
}

async function sendLink(
  { makeLink, notify }: StartRecoveryParts,
  stores: Stores,
  { id: userId, email, locale }: User,
  actor: Actor,
  now: number,
): Promise<void> {
  await stores.oneTimeTokens.forget(userId, 'recovery');
  const link = await makeLink(stores, { purpose: 'recovery', userId, detail: { email }, now });
  const minutes = notificationLimits.recoveryLinkMilliseconds / 60_000;
  const data = { ...occasionOf(actor, now), link, minutes };
  const message = { channel: 'mail', template: 'recovery', to: email, locale, data } as const;
  await notify(stores, message, { userId, now });
  await stores.audit.record({ type: 'recovery_requested', actor, userId }, now);
}

/** As many writes, and nobody gets a mail. */
async function pretend(
  { makeLink }: StartRecoveryParts,
  stores: Stores,
  email: Email,
  now: number,
): Promise<void> {
  await stores.oneTimeTokens.forget(newId<UserId>(now), 'recovery');
  await makeLink(stores, { purpose: 'recovery', userId: undefined, detail: { email }, now });
  await writeDecoy(stores, now);
  await writeDecoy(stores, now);
}
