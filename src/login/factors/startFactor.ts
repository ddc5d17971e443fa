/**
 * Starts a factor that needs something first: a code that is sent, or options for the browser. What it needs later is kept with
 * the login under way, or, for a step-up, under the session's id.
 */
import { createHash } from 'node:crypto';
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { OneTimeToken } from '../../platform/oneTimeTokens.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import type { Caller } from '../../sessions/session.ts';
import { findCaller, type ProvingParts } from '../passwords/reauthentication.ts';
import type { FactorKinds, FactorName, Started, UnderWay } from './factors.ts';
import { factorLimits } from './limits.ts';
import { findPendingLogin } from './pendingLogin.ts';
import { type ProvingFactorParts, refuseFactor } from './proveFactor.ts';

type StartParts = ProvingFactorParts & ProvingParts;
type StartLoginParts = ProvingFactorParts & { readonly rateLimits: Pick<RateLimits, 'spend'> };

/** Returns what the client needs. Throws `invalid_request` for a factor that the user cannot start. */
export type StartLoginFactor = (
  input: { readonly loginToken: string; readonly factor: string },
  actor: Actor,
) => Promise<Answer>;
export type StartStepUp = (factor: string, caller: Caller, actor: Actor) => Promise<Answer>;
type Answer = NonNullable<Started['answer']>;

export function createStartLoginFactor(parts: StartLoginParts): StartLoginFactor {
  return async ({ loginToken, factor }, actor) => {
    const pending = await findPendingLogin(parts, loginToken);
    if (pending === undefined) return refuseFactor(parts, { actor, reason: 'login_token' });
    const { user, token, proved } = pending;
    await parts.rateLimits.spend(actor, 'factor', 'account', user.id);
    const starting = { factor, user, actor, underWay: token, proved };
    return start(parts, starting, async (stores, { detail, codeHash }) => {
      const change = { detail: { ...token.detail, ...detail, started: factor }, codeHash };
      return stores.oneTimeTokens.replace(token.hash, change, parts.clock.now());
    });
  };
}

export function createStartStepUp(parts: StartParts): StartStepUp {
  return async (factor, caller, actor) => {
    const user = await findCaller(parts, caller);
    const { sessionId } = caller;
    const now = parts.clock.now();
    const underWay = { hash: stepUpHash(sessionId), expiresAt: now + factorLimits.loginTokenMilliseconds };
    return start(parts, { factor, user, actor, underWay }, async (stores, { detail, codeHash }) => {
      const { hash, expiresAt } = underWay;
      // One at a time for each session: the next one replaces it. Locked, so that two at once do not both create it.
      await stores.users.lock(user.id);
      await stores.oneTimeTokens.take(hash, stepUpPurpose, 0);
      await stores.oneTimeTokens.create({
        ...{ hash, purpose: stepUpPurpose, userId: user.id, codeHash, tries: 0 },
        detail: { ...detail, started: factor },
        ...{ createdAt: now, expiresAt },
      });
      return true;
    });
  };
}

/** The one-time tokens of step-ups. */
export const stepUpPurpose = 'step_up';

/** Not a secret: the caller proves the session with a bearer token. */
function stepUpHash(sessionId: SessionId): Buffer {
  return createHash('sha256').update(`step-up/${sessionId}`).digest();
}

/** What was started for the session's step-up. */
export async function underWayOf(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  { sessionId }: Pick<Caller, 'sessionId'>,
): Promise<{ readonly token: OneTimeToken | undefined; readonly started: string | undefined }> {
  const token = await database.oneTimeTokens.find(stepUpHash(sessionId), stepUpPurpose, clock.now());
  const started = token?.detail['started'];
  return { token, started: typeof started === 'string' ? started : undefined };
}

interface Starting {
  readonly factor: string;
  readonly user: User;
  readonly actor: Actor;
  readonly underWay: UnderWay;
  readonly proved?: FactorName | undefined;
}

async function start(
  { database, clock, kinds }: { database: Database; clock: Clock; kinds: FactorKinds },
  { factor, user, actor, underWay, proved }: Starting,
  store: (stores: Stores, started: Started) => Promise<boolean>,
): Promise<Answer> {
  const now = clock.now();
  const kind = kinds.named(factor);
  const usable = await kinds.usable(database, user, now, proved);
  if (kind === undefined || !usable.includes(kind.name))
    throw invalidField('factor', 'usable', 'is not a second factor that this user can prove');
  if (kind.start === undefined)
    throw invalidField('factor', 'nothing_to_start', 'needs no start: send the code itself');
  const started = await kind.start(user, actor, now, underWay);
  await database.transaction(async (stores) => {
    if (!(await store(stores, started))) throw new AuthorityError('invalid_code', { reason: 'login_token' });
    await started.commit?.(stores, now);
  });
  return started.answer ?? {};
}
