/** Sends the caller a code and a link that prove the e-mail. */
import type { Actor } from '../../audit/auditEvent.ts';
import { findCaller, type ProvingParts } from '../../login/passwords/reauthentication.ts';
import type { Caller } from '../../sessions/session.ts';
import { type SpendMail, tooManyMails } from '../mailBudgets.ts';
import { type ProofParts, startProof } from './startProof.ts';

export interface RequestProofParts extends ProvingParts, ProofParts {
  readonly requireMail: () => void;
  readonly spendMail: SpendMail;
}

/** Sends nothing when the e-mail is proved already. Throws `mail_not_configured`, or `rate_limited` after too many mails. */
export type RequestProof = (caller: Caller, actor: Actor) => Promise<void>;

export function createRequestProof(parts: RequestProofParts): RequestProof {
  return async (caller, actor) => {
    parts.requireMail();
    const { email, emailVerifiedAt } = await findCaller(parts, caller);
    if (emailVerifiedAt !== undefined) return;
    if (!(await parts.spendMail('email_proof', email, actor))) throw tooManyMails();
    const now = parts.clock.now();
    await parts.database.transaction(async (stores) => {
      const user = await stores.users.lock(caller.userId);
      if (user?.email !== email || user.emailVerifiedAt !== undefined) return;
      await startProof(parts, stores, { user, email, sessionId: caller.sessionId, now });
    });
  };
}
