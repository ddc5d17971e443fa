/** The refusal of a first factor: the same for every reason. The event is committed before the answer. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { User } from '../accounts/user.ts';
import type { Actor, AuditEvent } from '../audit/auditEvent.ts';
import type { Database } from '../database.ts';
import type { PasswordAttempt } from './throttling/passwordAttempts.ts';
import type { UnknownEmails } from './unknownEmails.ts';

export interface RefusingParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly unknownEmails: UnknownEmails;
}

export interface LoginRefusal {
  readonly code: 'invalid_credentials' | 'invalid_code';
  /** For the audit log only. */
  readonly rule: string;
  /** Whether the proof was right and came too late, or was not looked at: that locks nothing. */
  readonly isGivenBack: boolean;
  readonly attempt: PasswordAttempt;
  readonly actor: Actor;
}

export async function refuseLogin(
  { database, clock, unknownEmails }: RefusingParts,
  user: User | undefined,
  { code, rule, isGivenBack, attempt, actor }: LoginRefusal,
): Promise<never> {
  const userId = user?.id;
  const failed: AuditEvent = { type: 'login_failed', actor, userId, reason: rule };
  const locked: AuditEvent = { type: 'password_locked', actor, userId, reason: attempt.countedAs };
  const noted = user !== undefined || unknownEmails.isWorthNoting(actor.ip, clock.monotonic());
  const locks = attempt.last && !isGivenBack;
  if (noted) await database.audit.recordAll(locks ? [failed, locked] : [failed], clock.now());
  // Writes in any case: response times must not reveal registration.
  else await attempt.touch();
  throw new AuthorityError(code, code === 'invalid_code' ? { reason: 'code_login' } : {});
}
