/**
 * Registration with REQUIRE_VERIFIED_EMAIL: the answer, the work and the time do not depend on whether the address is taken. The user
 * begins to exist when the link of the mail is used, with the password of that very registration: so only whoever registered and
 * reads the mail gets the account, not a stranger whose mail the owner answers.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import { hashTurn, type PasswordHasher } from '../../login/passwords/passwordHash.ts';
import { normalisePassword, type PasswordPolicy } from '../../login/passwords/passwordPolicy.ts';
import type { PasswordAttempts } from '../../login/throttling/passwordAttempts.ts';
import { notificationLimits } from '../../notifications/limits.ts';
import type { MakeLink } from '../../notifications/links.ts';
import { occasionOf } from '../../notifications/notices.ts';
import { type Notify, writeDecoy } from '../../notifications/outbox.ts';
import { newId } from '../../platform/newId.ts';
import type { OneTimeToken } from '../../platform/oneTimeTokens.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import { type Email, normaliseEmail } from '../email.ts';
import type { SpendMail } from '../mailBudgets.ts';

export interface RequestRegistrationParts {
  readonly database: Database;
  readonly passwords: PasswordHasher;
  readonly passwordPolicy: PasswordPolicy;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly clock: Clock;
  readonly registration: 'open' | 'closed';
  readonly makeLink: MakeLink;
  readonly notify: Notify;
  readonly spendMail: SpendMail;
}

export type RequestRegistration = (
  input: { readonly email: string; readonly password: string },
  actor: Actor,
) => Promise<void>;

export function createRequestRegistration(parts: RequestRegistrationParts): RequestRegistration {
  const { database, passwords, passwordPolicy, makeLink, clock } = parts;
  return async (input, actor) => {
    if (parts.registration === 'closed') throw new AuthorityError('registration_closed');
    const email = normaliseEmail(input.email);
    const password = await passwordPolicy.check(input.password, { field: 'password', email });
    await parts.rateLimits.spend(actor, 'register', 'global');
    const passwordHash = await passwords.hash(password, hashTurn(actor.ip, false));
    const isAllowed = await parts.spendMail('registration', email, actor);
    const now = clock.now();
    await database.transaction(async (stores) => {
      const owner = await stores.users.findByEmail(email);
      const detail = { email, password_hash: passwordHash, locale: actor.language ?? null };
      // Nobody gets the link for an address that is taken, and it makes no user. The page needs no look-up to ask for the password.
      const made = await makeLink(stores, { purpose: 'registration', userId: undefined, detail, now });
      const link = `${made}&about=${registrationAbout}`;
      if (!isAllowed) return writeDecoy(stores, now);
      const message =
        owner === undefined ? confirmation(email, link, actor, now) : taken(email, owner.locale, actor, now);
      await parts.notify(stores, message, { userId: owner?.id, now });
    });
  };
}

function confirmation(email: Email, link: string, actor: Actor, now: number) {
  const linkHours = notificationLimits.proofLinkMilliseconds / 3_600_000;
  const data = { ...occasionOf(actor, now), link, linkHours };
  return {
    ...({ channel: 'mail', template: 'confirm_registration', to: email } as const),
    ...{ locale: actor.language, data },
  };
}

/** The owner of an address learns that somebody gave it. */
export function taken(email: Email, locale: string | undefined, actor: Actor, now: number) {
  const data = occasionOf(actor, now);
  return { channel: 'mail', template: 'email_taken', to: email, locale, data } as const;
}

/** In the link, for the words of its page. */
export const registrationAbout = 'registration';

export interface ConfirmParts {
  readonly passwords: Pick<PasswordHasher, 'verify' | 'verifyDummy'>;
  readonly passwordAttempts: Pick<PasswordAttempts, 'passwordChanged'>;
}

/** Whether the one who answers the mail also knows the password of that registration. */
export async function checkRegistrant(
  { passwords }: ConfirmParts,
  { detail }: OneTimeToken,
  actor: Actor,
  text: string | undefined,
): Promise<void> {
  if (text === undefined)
    throw invalidField('password', 'required', 'is missing: the password of the registration');
  const password = normalisePassword(text);
  const turn = hashTurn(actor.ip, true);
  const isRight =
    password === undefined
      ? await passwords.verifyDummy('', turn)
      : await passwords.verify(String(detail['password_hash']), password, turn);
  if (isRight) return;
  const message = 'is not the password of this registration';
  throw new AuthorityError('invalid_credentials', {
    errors: [{ field: 'password', rule: 'correct', message }],
  });
}

/** Throws `invalid_link` when another registration of the address was confirmed before. */
export async function confirmRegistration(
  { passwordAttempts }: ConfirmParts,
  stores: Stores,
  { detail }: OneTimeToken,
  actor: Actor,
  now: number,
): Promise<void> {
  const email = String(detail['email']) as Email;
  const passwordHash = String(detail['password_hash']);
  const locale = detail['locale'] === null ? undefined : String(detail['locale']);
  const userId = newId<UserId>(now);
  const user = { id: userId, email, passwordHash, locale, emailVerifiedAt: now };
  if ((await stores.users.create(user, now)) === 'email_taken')
    throw new AuthorityError('invalid_link', { reason: 'email_taken' });
  await passwordAttempts.passwordChanged(stores, { email }, actor.ip, now);
  await stores.audit.recordAll(
    [
      { type: 'user_registered', actor, userId },
      { type: 'email_verified', actor, userId },
    ],
    now,
  );
}
