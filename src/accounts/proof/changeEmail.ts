/**
 * Begins to change the e-mail: the new address gets a mail that proves it, the old one is told. Until the proof nothing changes.
 * A taken address is answered alike; its owner is told.
 */
import { invalidField } from '@countersign/verifier/errors';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import { checkUnchanged, findCaller, type ProvingParts } from '../../login/passwords/reauthentication.ts';
import type { Notices } from '../../notifications/notices.ts';
import type { Caller } from '../../sessions/session.ts';
import { type Email, normaliseEmail } from '../email.ts';
import { type SpendMail, tooManyMails } from '../mailBudgets.ts';
import type { User } from '../user.ts';
import { taken } from './registration.ts';
import { type ProofParts, startProof } from './startProof.ts';

export interface ChangeEmailParts extends ProvingParts, ProofParts {
  readonly requireMail: () => void;
  readonly spendMail: SpendMail;
  readonly notices: Notices;
}

/** Throws `mail_not_configured`, or `rate_limited` after too many mails. The caller has required a recent proof of the user. */
export type ChangeEmail = (email: string, caller: Caller, actor: Actor) => Promise<void>;

export function createChangeEmail(parts: ChangeEmailParts): ChangeEmail {
  return async (text, caller, actor) => {
    parts.requireMail();
    const email = normaliseEmail(text);
    const user = await findCaller(parts, caller);
    if (email === user.email) throw invalidField('email', 'different', 'is already your address');
    await start(parts, { user, email, caller, actor });
  };
}

interface Asked {
  readonly user: User;
  readonly email: Email;
  readonly caller: Caller;
  readonly actor: Actor;
}

async function start(parts: ChangeEmailParts, asked: Asked): Promise<void> {
  const { user, email, caller, actor } = asked;
  const { sessionId } = caller;
  // Before anything is voided. The old address first: its owner's budget stops a thief who tries many new ones.
  if (!(await parts.spendMail('email_change', user.email, actor))) throw tooManyMails();
  if (!(await parts.spendMail('new_email', email, actor))) throw tooManyMails();
  const now = parts.clock.now();
  await parts.database.transaction(async (stores) => {
    await checkUnchanged(stores, user, sessionId);
    await stores.audit.record({ type: 'email_change_started', actor, userId: user.id, sessionId }, now);
    await parts.notices(stores, user, 'email_change_started', { now, actor, sessionId, newEmail: email });
    const owner = await stores.users.findByEmail(email);
    if (owner === undefined) return startProof(parts, stores, { user, email, sessionId, now });
    return tellOwner(parts, stores, asked, { owner, now });
  });
}

/** As much work as `startProof`. */
async function tellOwner(
  { makeLink, notify }: ChangeEmailParts,
  stores: Stores,
  { user, email, actor }: Asked,
  { owner, now }: { readonly owner: User; readonly now: number },
): Promise<void> {
  await stores.oneTimeTokens.forget(user.id, 'email_proof');
  await makeLink(stores, { purpose: 'email_proof', userId: undefined, detail: { email }, now });
  await notify(stores, taken(email, owner.locale, actor, now), { userId: owner.id, now });
}
