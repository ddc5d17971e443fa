/**
 * Support asks for a reset of a user's factors. It happens after FACTOR_RESET_DELAY: whoever talks support into it has no factor of
 * the owner, so the owner is told and can stop it. Only with a reason, or without a delay, it happens at once.
 */
import { invalidField } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import { findNamedUser, type UserName } from '../../../accounts/namedUser.ts';
import type { User } from '../../../accounts/user.ts';
import type { Actor } from '../../../audit/auditEvent.ts';
import type { Stores } from '../../../database.ts';
import type { MakeLink } from '../../../notifications/links.ts';
import type { Notify } from '../../../notifications/outbox.ts';
import type { SpendRevokeBudget } from '../../../revocation/revokeBudgets.ts';
import type { CodeChannels } from '../../codes/codeChannels.ts';
import { factorLimits } from '../limits.ts';
import { type ResetParts, resetFactors } from './resetFactors.ts';
import { resetPurpose } from './stopReset.ts';

export interface FactorsReset {
  readonly userId: UserId;
  readonly endedSessions: number;
  /** When it happens; undefined when it is done. */
  readonly dueAt: number | undefined;
}

/**
 * `now`: why it happens at once, for the audit log. Throws `not_found`, `invalid_request` for a reason that is empty or too long,
 * `rate_limited` when a service's budget is used up, and `mail_not_configured` when nobody could be told. A repetition before it
 * happens changes nothing.
 */
export type ResetFactors = (
  name: UserName,
  how: { readonly now?: string | undefined },
  actor: Actor,
) => Promise<FactorsReset>;

export interface RequestResetParts extends ResetParts {
  readonly factorResetDelayMs: number;
  readonly notify: Notify;
  readonly makeLink: MakeLink;
  readonly requireMail: () => void;
  readonly channels: CodeChannels;
  readonly spendRevokeBudget: SpendRevokeBudget;
}

export function createResetFactors(parts: RequestResetParts): ResetFactors {
  const { factorResetDelayMs: delayMs, database, clock } = parts;
  return async (name, { now: note }, actor) => {
    if (note !== undefined) checkNote(note);
    const user = await findNamedUser(database, name);
    const { id: userId } = user;
    const isAtOnce = note !== undefined || delayMs === 0;
    if (!isAtOnce) parts.requireMail();
    await parts.spendRevokeBudget('users', actor);
    const now = clock.now();
    if (!isAtOnce) return { userId, endedSessions: 0, dueAt: await plan(parts, userId, { actor, now }) };
    const how = { actor, now, reason: 'at_once', ...(note === undefined ? {} : { note }) } as const;
    const endedSessions = (await resetFactors(parts, userId, how)) ?? 0;
    return { userId, endedSessions, dueAt: undefined };
  };
}

function checkNote(note: string): void {
  const { resetNoteCharacters: most } = factorLimits;
  if (note.trim() === '' || note.length > most)
    throw invalidField('now', 'length', `must say why, in at most ${most} characters`);
}

/** When it happens. A request while one waits neither shortens nor prolongs the wait. */
async function plan(
  parts: RequestResetParts,
  userId: UserId,
  { actor, now }: { readonly actor: Actor; readonly now: number },
): Promise<number> {
  const dueAt = now + parts.factorResetDelayMs;
  return parts.database.transaction(async (stores) => {
    const user = await stores.users.lock(userId);
    if (user === undefined || user.factorsResetAt !== undefined) return user?.factorsResetAt ?? dueAt;
    await stores.users.planFactorsReset(userId, dueAt);
    const detail = { due_at: new Date(dueAt).toISOString() };
    await stores.audit.record({ type: 'factors_reset_requested', actor, userId, detail }, now);
    await tell(parts, stores, user, { dueAt, now });
    return dueAt;
  });
}

/** By mail, and by message to the phone: whoever took one of them over may not have the other. */
async function tell(
  { makeLink, notify, channels }: RequestResetParts,
  stores: Stores,
  { id: userId, email, phone, locale }: User,
  { dueAt, now }: { readonly dueAt: number; readonly now: number },
): Promise<void> {
  await stores.oneTimeTokens.forget(userId, resetPurpose);
  const link = await makeLink(stores, { purpose: resetPurpose, userId, detail: {}, now });
  const message = { template: 'factors_reset_requested', locale, data: { dueAt, link } } as const;
  const about = { userId, now };
  await notify(stores, { ...message, channel: 'mail', to: email }, about);
  if (phone !== undefined && (await channels.sms.isAllowed(phone.number)))
    await notify(stores, { ...message, channel: 'sms', to: phone.number }, about);
}
