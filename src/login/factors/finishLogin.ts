/** `POST /auth/login/factor`: the second step of a login. */
import type { FactorId } from '@countersign/verifier/ids';
import type { Actor } from '../../audit/auditEvent.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import type { RevokingStores } from '../../revocation/propagation/revokeAndPropagate.ts';
import type { TokenResponse } from '../../sessions/tokenResponse.ts';
import { type StartSessionParts, startSession } from '../startSession.ts';
import type { PasswordAttempt } from '../throttling/passwordAttempts.ts';
import type { VerifyEnrolment } from './enrolTotp.ts';
import type { CommittedProof, FactorProof } from './factors.ts';
import { countTry, findPendingLogin, type PendingLogin, takePendingLogin } from './pendingLogin.ts';
import { type ProvedFactor, type ProvingFactorParts, proveFactor, refuseFactor } from './proveFactor.ts';

export interface FinishLoginParts extends StartSessionParts, ProvingFactorParts {
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly verifyEnrolment: VerifyEnrolment;
}

export interface FinishLoginInput {
  readonly loginToken: string;
  readonly proof: FactorProof;
  readonly deviceName?: string | undefined;
  /** The browser's previous refresh token. */
  readonly replaces?: string | undefined;
  /** The thumbprint of the key that the client proved: the session is bound to it. */
  readonly jkt?: string | undefined;
}

export interface FinishedLogin {
  readonly tokens: TokenResponse;
  /** Of a login that added the first factor: shown once. Otherwise empty. */
  readonly recoveryCodes: readonly string[];
}

/** Throws as `proveFactor` does. */
export type FinishLogin = (input: FinishLoginInput, actor: Actor) => Promise<FinishedLogin>;

export function createFinishLogin(parts: FinishLoginParts): FinishLogin {
  const { database, clock, rateLimits, verifyEnrolment } = parts;
  return async ({ loginToken, proof, deviceName, replaces, jkt }, actor) => {
    const pending = await findPendingLogin(parts, loginToken);
    if (pending === undefined) return refuseFactor(parts, { actor, reason: 'login_token' });
    const { user, token, started, enrols } = pending;
    await rateLimits.spend(actor, 'factor', 'account', user.id);
    const client = {
      ...pending.client,
      deviceName: deviceName ?? pending.client.deviceName,
      ...{ replaces, jkt },
    };
    const tried = {
      ...{ user, proof, actor, started, underWay: token, place: { ip: actor.ip } },
      async countTry({ countedAs }: PasswordAttempt) {
        // An owner in a known network does not share the strangers' budget.
        if (countedAs === 'strangers') await rateLimits.spend(actor, 'factor', 'global');
        return countTry(database, pending, clock.now());
      },
      ...(enrols ? { verify: () => verifyEnrolment(user, proof, actor) } : {}),
    };
    return proveFactor(parts, tried, async (proved) => {
      const proof = { ...strength(pending, proved), user, ...committed(parts, pending, proved, actor) };
      const tokens = await startSession(parts, proof, client, actor);
      return tokens && { tokens, recoveryCodes: proved.recoveryCodes?.() ?? [] };
    });
  };
}

/** The token, the proof and the count of failures, in the transaction that makes the session. */
function committed(
  { passwordAttempts }: Pick<FinishLoginParts, 'passwordAttempts'>,
  pending: PendingLogin,
  { name, attempt, commit }: ProvedFactor,
  { ip }: Actor,
) {
  const { user, proved } = pending;
  // Tries of its code were counted for the number.
  const began = proved === 'sms_code' ? user.phone?.number : undefined;
  return {
    reason: name,
    refusals: attempt.refusals,
    async commit(stores: RevokingStores, now: number): Promise<CommittedProof> {
      const taken = await takePendingLogin(stores, pending, now);
      if (taken === undefined) return false;
      const committed = await commit(stores, now);
      // Only the challenge is used up: the user may prove another factor.
      if (committed === 'refused')
        await stores.oneTimeTokens.create({ ...taken, detail: { ...taken.detail, challenge: null } });
      if (committed !== true) return committed;
      // First: afterwards the place is known for the number, too, and has another count.
      if (began !== undefined) await passwordAttempts.finished(stores, began, ip, now);
      await attempt.succeeded(stores, user, now);
      return true;
    },
  };
}

function strength(pending: PendingLogin, { amr, openedBy }: ProvedFactor) {
  return {
    acr: '2fa' as const,
    amr: withMfa([...pending.amr, ...amr]),
    openedBy: withFactor(pending.openedBy, openedBy),
  };
}

/** `mfa` (RFC 8176) beside what was proved. */
export function withMfa(amr: readonly string[]): readonly string[] {
  return [...new Set([...amr, 'mfa'])];
}

export function withFactor(openedBy: readonly FactorId[], id: FactorId | undefined): readonly FactorId[] {
  return id === undefined ? openedBy : [...new Set([...openedBy, id])];
}
