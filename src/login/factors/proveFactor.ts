/**
 * One try at a second factor. It counts in the account's failures as a wrong password does: a guesser gets no second budget, and
 * an owner in a known network is not locked out. Every refusal looks alike; the audit log has the reason.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { User } from '../../accounts/user.ts';
import type { Actor, AuditEvent } from '../../audit/auditEvent.ts';
import type { Database } from '../../database.ts';
import type { OneTimeToken } from '../../platform/oneTimeTokens.ts';
import type { Place } from '../throttling/attemptSources.ts';
import type { PasswordAttempt, PasswordAttempts } from '../throttling/passwordAttempts.ts';
import type { FactorKind, FactorKinds, FactorName, FactorProof, Verdict, Verified } from './factors.ts';

export interface ProvingFactorParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly passwordAttempts: PasswordAttempts;
  readonly kinds: FactorKinds;
  /** Called for each try, with the kind and whether it was right. */
  readonly onTry: (factor: string, outcome: 'proved' | 'refused') => void;
}

export interface FactorTry {
  readonly user: User;
  readonly proof: FactorProof;
  readonly place: Place;
  readonly actor: Actor;
  /** What was started, if anything. */
  readonly underWay: OneTimeToken | undefined;
  readonly started: string | undefined;
  /** Called before the proof is checked. False when this login had its tries; then the proof is not checked. */
  readonly countTry?: (attempt: PasswordAttempt) => Promise<boolean>;
  /** In place of the kind's own check. */
  readonly verify?: (kind: FactorKind) => Promise<Verdict>;
}

export interface ProvedFactor extends Verified {
  readonly name: FactorName;
  readonly attempt: PasswordAttempt;
}

/**
 * Runs `work` after a right proof. It commits the proof, and returns undefined when that was not possible. Throws `invalid_code`,
 * and `rate_limited` or `recovery_required` after too many failures.
 */
export function proveFactor<T>(
  parts: ProvingFactorParts,
  tried: FactorTry,
  work: (proved: ProvedFactor) => Promise<T | undefined>,
): Promise<T> {
  const { user, proof, place, actor, underWay, started } = tried;
  const kind = parts.kinds.ofProof(proof, started);
  return parts.passwordAttempts.attempt(user.email, place, async (attempt) => {
    const refuse = (reason: string) => refuseFactor(parts, { ...tried, reason, attempt });
    if (kind === undefined) return refuse('not_started');
    if ((await tried.countTry?.(attempt)) === false) return refuse('tries');
    const verdict = await (tried.verify?.(kind) ??
      kind.verify(user, proof, underWay, parts.clock.now(), actor));
    await attempt.check(async () => !('refused' in verdict));
    if ('refused' in verdict) {
      parts.onTry(kind.name, 'refused');
      return refuse(verdict.refused);
    }
    const commit: Verified['commit'] = async (stores, now) => {
      const committed = await verdict.commit(stores, now);
      if (committed === true) await kind.onUse?.(stores, { user, actor, now });
      if (committed === 'refused')
        await stores.audit.record(refusedEvent({ user, place, actor, reason: verdict.refusal?.() }), now);
      return committed;
    };
    const done = await work({ ...verdict, commit, name: kind.name, attempt });
    const reason = done === undefined ? verdict.refusal?.() : undefined;
    if (reason !== undefined) throw new AuthorityError('invalid_code', { reason });
    if (done === undefined) return refuse('used_meanwhile');
    parts.onTry(kind.name, 'proved');
    return done;
  });
}

/** The event is committed before the answer. */
export async function refuseFactor(
  { database, clock }: Pick<ProvingFactorParts, 'database' | 'clock'>,
  refusal: {
    readonly user?: User;
    readonly place?: Place;
    readonly actor: Actor;
    readonly reason: string;
    readonly attempt?: PasswordAttempt;
  },
): Promise<never> {
  const { user, reason, attempt } = refusal;
  const refused = refusedEvent(refusal);
  const locked: AuditEvent = { ...refused, type: 'password_locked', reason: attempt?.countedAs };
  // Only a wrong proof locks; other attempts are given back.
  const locks = attempt?.last === true && isWrong(reason);
  if (user !== undefined) await database.audit.recordAll(locks ? [refused, locked] : [refused], clock.now());
  throw new AuthorityError('invalid_code', { reason });
}

function refusedEvent({
  user,
  place,
  actor,
  reason,
}: Pick<FactorTry, 'actor'> &
  Partial<Pick<FactorTry, 'user' | 'place'>> & { readonly reason: string | undefined }): AuditEvent {
  const about = { actor, userId: user?.id, sessionId: place?.sessionId, reason };
  return { type: 'second_factor_refused', ...about };
}

function isWrong(reason: string): boolean {
  return !['tries', 'not_started', 'used_meanwhile'].includes(reason);
}
