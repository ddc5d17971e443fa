/**
 * Step-up: the user of a session proves who they are again. The session stays the same and gets a new `auth_time`; its next access
 * tokens say what was proved. Tokens from before stay valid. The answer has no refresh token: the client keeps its own, so that
 * whoever stole an access token cannot turn it into one that lasts.
 */
import { isDeepStrictEqual } from 'node:util';
import { AuthorityError } from '@countersign/verifier/errors';
import type { FactorId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Stores } from '../../database.ts';
import type { OneTimeToken } from '../../platform/oneTimeTokens.ts';
import {
  type RevokingParts,
  type RevokingStores,
  revokeAndPropagate,
} from '../../revocation/propagation/revokeAndPropagate.ts';
import { rightsAt } from '../../rights/rights.ts';
import type { Acr, Caller } from '../../sessions/session.ts';
import {
  chooseSigner,
  chosenAudience,
  respondWithTokens,
  settingsFor,
  type TokenParts,
  type TokenResponse,
} from '../../sessions/tokenResponse.ts';
import {
  checkUnchanged,
  findCaller,
  type ProvingParts,
  provePassword,
} from '../passwords/reauthentication.ts';
import { requireUnused, unlessUsedMeanwhile } from '../usedMeanwhile.ts';
import { type CommittedProof, type FactorProof, sentCodeMember } from './factors.ts';
import { withFactor, withMfa } from './finishLogin.ts';
import { factorLimits } from './limits.ts';
import { type FactorTry, type ProvingFactorParts, proveFactor, refuseFactor } from './proveFactor.ts';
import { stopReset } from './reset/stopReset.ts';
import { underWayOf } from './startFactor.ts';

export interface StepUpParts extends TokenParts, RevokingParts, ProvingParts, ProvingFactorParts {
  readonly database: RevokingParts['database'];
  readonly clock: RevokingParts['clock'];
  readonly passwordAttempts: ProvingParts['passwordAttempts'];
}

export interface StepUpInput {
  /** The password, for a user without a second factor. */
  readonly proof: FactorProof;
  /** The audience of the access token; the services' audience by default. */
  readonly audience?: string | undefined;
}

/** Throws `insufficient_user_authentication` for a password where the user has a second factor, and as `proveFactor` does. */
export type StepUp = (input: StepUpInput, caller: Caller, actor: Actor) => Promise<TokenResponse>;

/** What was proved now. */
interface Fresh {
  readonly user: User;
  readonly caller: Caller;
  readonly actor: Actor;
  readonly audience: string;
  readonly amr: readonly string[];
  readonly openedBy: FactorId | undefined;
  /** Whether it makes two factors, and beside what it does not: see `opensWith` of its kind. */
  readonly isSecond: boolean;
  readonly opensWith?: string | undefined;
  readonly reason: string;
  readonly commit: (stores: RevokingStores, now: number) => Promise<CommittedProof>;
}

export function createStepUp(parts: StepUpParts): StepUp {
  const { database, clock, kinds } = parts;
  return async ({ proof, audience: asked }, caller, actor) => {
    const audience = await chosenAudience(parts, asked);
    const user = await findCaller(parts, caller);
    const about = { user, caller, actor, audience };
    if (proof.member === 'password') {
      // The session may count as proved by two factors: with the password alone it would stay so.
      if (await kinds.hasAny(database, user, clock.now())) throw needsSecond();
      return byPassword(parts, String(proof.value), about);
    }
    const { sessionId } = caller;
    const { token: underWay, started } = await underWayOf(parts, { sessionId });
    const place = { sessionId, ip: actor.ip };
    const tried = { user, proof, actor, underWay, started, place, ...countingTries(parts, proof, underWay) };
    return proveFactor(parts, tried, ({ name, attempt, commit, ...proved }) =>
      stepUp(parts, {
        ...{ ...about, amr: proved.amr, openedBy: proved.openedBy, isSecond: true, reason: name },
        opensWith: kinds.named(name)?.opensWith,
        async commit(stores, now) {
          if (!(await takeUnderWay(stores, underWay, now))) return false;
          const committed = await commit(stores, now);
          if (committed === true) await attempt.succeeded(stores, user, now);
          return committed;
        },
      }),
    );
  };
}

function needsSecond(): AuthorityError {
  return new AuthorityError('insufficient_user_authentication', {
    needed: { maxAgeSeconds: factorLimits.recentProofSeconds, acr: '2fa' },
    detail: 'You have a second factor: prove that one, not the password.',
  });
}

/** A code that was sent has a few tries, over all requests. */
function countingTries(
  { database, clock }: Pick<StepUpParts, 'database' | 'clock'>,
  { member }: FactorProof,
  underWay: OneTimeToken | undefined,
): Pick<FactorTry, 'countTry'> {
  if (member !== sentCodeMember || underWay === undefined) return {};
  const { hash, purpose } = underWay;
  const { loginTokenTries } = factorLimits;
  return {
    countTry: async () =>
      (await database.oneTimeTokens.tryCode(hash, purpose, loginTokenTries, clock.now())) !== undefined,
  };
}

/** What was started is answered once. */
async function takeUnderWay(
  { oneTimeTokens }: Pick<Stores, 'oneTimeTokens'>,
  underWay: OneTimeToken | undefined,
  now: number,
): Promise<boolean> {
  if (underWay === undefined) return true;
  const taken = await oneTimeTokens.take(underWay.hash, underWay.purpose, now);
  // Another start may have replaced it since the proof was checked.
  return taken !== undefined && isDeepStrictEqual(taken.detail, underWay.detail);
}

type About = Pick<Fresh, 'user' | 'caller' | 'actor' | 'audience'>;

function byPassword(parts: StepUpParts, password: string, about: About): Promise<TokenResponse> {
  const { user, caller, actor } = about;
  const proof = {
    ...{ user, sessionId: caller.sessionId, currentPassword: password, field: 'password', actor },
    refusal: 'step_up_refused',
  } as const;
  return provePassword(parts, proof, async () => {
    const proved = { amr: ['pwd'], openedBy: undefined, isSecond: false, reason: 'password' };
    const done = await stepUp(parts, { ...about, ...proved, commit: async () => true });
    return (
      done ??
      refuseFactor(parts, { user, place: { ...caller, ip: actor.ip }, actor, reason: 'used_meanwhile' })
    );
  });
}

/** Undefined when the proof was used meanwhile. Throws `invalid_token` when the session ended meanwhile. */
async function stepUp(parts: StepUpParts, fresh: Fresh): Promise<TokenResponse | undefined> {
  const { user, caller, actor, audience, reason } = fresh;
  const { sessionId } = caller;
  const now = parts.clock.now();
  const signer = await chooseSigner(parts, now);
  const begun = revokeAndPropagate(parts, now, async (stores) => {
    const current = await checkUnchanged(stores, user, sessionId);
    const committed = await fresh.commit(stores, now);
    if (committed === 'refused') return undefined;
    requireUnused(committed);
    await stores.sessions.lock(sessionId);
    const before = await stores.sessions.findWithRights(sessionId, audience);
    if (before === undefined) throw new AuthorityError('invalid_token', { reason: 'unknown_session' });
    const strength = strengthAfter(before, fresh);
    if (strength.acr === '2fa') await stopReset(stores, current, { actor, now, reason: 'second_factor' });
    const proved = { ...strength, authTime: now };
    const asked = { ...before, ...settingsFor(parts.accessTokens, audience, now, proved) };
    const rights = rightsAt(before.rights, asked);
    const accessExpiresAt = rights.tokenExpiresAt;
    const use = { ...proved, now, signingKid: signer.kid, accessExpiresAt };
    if (!(await stores.sessions.stepUp(sessionId, use)))
      throw new AuthorityError('invalid_token', { reason: 'version' });
    await stores.audit.record(
      { type: 'step_up_succeeded', actor, userId: user.id, sessionId, reason, detail: { acr: strength.acr } },
      now,
    );
    return { session: { ...before, ...proved }, rights };
  });
  const done = (await unlessUsedMeanwhile(begun))?.result;
  return done && respondWithTokens(parts, done.session, signer, { now, audience, rights: done.rights });
}

interface Strength {
  readonly acr: Acr;
  readonly amr: readonly string[];
  readonly openedBy: readonly FactorId[];
}

/**
 * The session was opened by a first factor, so a second one makes two. The password alone is for users without a second factor: a
 * session that was opened with one, since removed, must not count as freshly proved by two.
 */
function strengthAfter(before: Strength, { amr, openedBy, isSecond, opensWith }: Fresh): Strength {
  if (!isSecond) return { acr: '1fa', amr, openedBy: before.openedBy };
  const all = [...new Set([...before.amr, ...amr])];
  // Whoever has the phone that opened the session proves nothing more with it, whatever was proved beside it earlier. The first
  // `amr` is what opened the session.
  const makesTwo = opensWith === undefined || before.amr[0] !== opensWith;
  return {
    acr: makesTwo ? '2fa' : '1fa',
    amr: makesTwo ? withMfa(all) : all.filter((each) => each !== 'mfa'),
    openedBy: withFactor(before.openedBy, openedBy),
  };
}
