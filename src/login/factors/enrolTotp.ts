/**
 * Adds an authenticator app in two steps: a secret that is shown once, then a code that proves the app has it. The code counts as
 * used. An enrolment that is not confirmed is replaced by the next one, and expires.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { FactorId, SessionId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { Notices } from '../../notifications/notices.ts';
import type { Config } from '../../platform/config/config.ts';
import { newId } from '../../platform/newId.ts';
import type { Caller } from '../../sessions/session.ts';
import { checkUnchanged, findCaller } from '../passwords/reauthentication.ts';
import { requireFactorsAllowed } from './factorPolicy.ts';
import type { FactorKinds, FactorProof, Verdict } from './factors.ts';
import { factorLimits } from './limits.ts';
import { replaceRecoveryCodes } from './renewRecoveryCodes.ts';
import { stopReset } from './reset/stopReset.ts';
import { qrSvg, type TotpSecrets, totpUri } from './totp.ts';

export interface EnrolTotpParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly secrets: TotpSecrets;
  readonly kinds: FactorKinds;
  /** The host of ISSUER, which apps show. */
  readonly issuerHost: string;
  readonly policy: Config['secondFactor'];
  readonly notices: Notices;
}

/** Shown once. */
export interface TotpEnrolment {
  readonly id: FactorId;
  readonly secret: string;
  readonly uri: string;
  readonly qrSvg: string;
}

/** Throws `permission_denied` when the settings allow no second factors, and `invalid_request` above the limit. */
export type EnrolTotp = (user: User, name: string | undefined) => Promise<TotpEnrolment>;

const usualName = 'Authenticator app';

export function createEnrolTotp({ database, clock, secrets, issuerHost, policy }: EnrolTotpParts): EnrolTotp {
  return async (user, name = usualName) => {
    requireFactorsAllowed(policy);
    const now = clock.now();
    const id = newId<FactorId>(now);
    const { text, sealed } = secrets.create(id);
    await database.transaction(async (stores) => {
      // Locked: of two enrolments at once, one replaces the other.
      await stores.users.lock(user.id);
      const { length } = await stores.totpFactors.list(user.id);
      if (length >= factorLimits.totpPerUser)
        throw invalidField('totp', 'count', `there are ${length} authenticator apps; remove one first`);
      await stores.totpFactors.enrol({ id, userId: user.id, name, sealedSecret: sealed, createdAt: now });
    });
    const uri = totpUri(text, issuerHost, user.email);
    return { id, secret: text, uri, qrSvg: await qrSvg(uri) };
  };
}

export type EnrolTotpForCaller = (caller: Caller, name: string | undefined) => Promise<TotpEnrolment>;

export function createEnrolTotpForCaller(
  parts: Pick<EnrolTotpParts, 'database'>,
  enrol: EnrolTotp,
): EnrolTotpForCaller {
  return async (caller, name) => enrol(await findCaller(parts, caller), name);
}

export interface ConfirmedTotp {
  readonly id: FactorId;
  /** The user's first set, shown once; empty when there is one already. */
  readonly recoveryCodes: readonly string[];
}

/** Throws `invalid_code` for a wrong code and without an enrolment. */
export type ConfirmTotp = (code: string, caller: Caller, actor: Actor) => Promise<ConfirmedTotp>;

export function createConfirmTotp(parts: EnrolTotpParts): ConfirmTotp {
  const { database, clock } = parts;
  return async (code, caller, actor) => {
    const user = await findCaller(parts, caller);
    const found = await findRight(parts, user, code);
    if (found === undefined) throw new AuthorityError('invalid_code', { reason: 'enrolment' });
    const now = clock.now();
    const { id } = found;
    return database.transaction(async (stores) => {
      const current = await checkUnchanged(stores, user, caller.sessionId);
      if (!(await stores.totpFactors.confirm(id, found.step, now)))
        throw new AuthorityError('invalid_code', { reason: 'used_meanwhile' });
      const recoveryCodes = await firstCodes(stores, user, now);
      const added = { factor: found, actor, now, sessionId: caller.sessionId };
      await recordAndTell(parts, stores, { ...added, user: current, withCodes: recoveryCodes.length > 0 });
      return { id, recoveryCodes };
    });
  };
}

/** The user's first set of recovery codes; empty when there is one already. The caller holds the user row's lock. */
export async function firstCodes(stores: Stores, user: User, now: number): Promise<readonly string[]> {
  return (await stores.recoveryCodes.left(user.id)) > 0 ? [] : replaceRecoveryCodes(stores, user, now);
}

/** For a login of a user who must have a second factor and has none: the proof confirms the enrolment. */
export type VerifyEnrolment = (user: User, proof: FactorProof, actor: Actor) => Promise<Verdict>;

export function createVerifyEnrolment(parts: EnrolTotpParts): VerifyEnrolment {
  const { kinds } = parts;
  return async (user, { member, value }, actor) => {
    const isTotp = member === 'totp' && typeof value === 'string';
    const found = isTotp ? await findRight(parts, user, value) : undefined;
    if (found === undefined) return { refused: 'enrolment' };
    let recoveryCodes: readonly string[] = [];
    return {
      amr: ['otp'],
      openedBy: found.id,
      async commit(stores, now) {
        // Meanwhile the owner may have added a factor; then this login has to prove it.
        const current = (await stores.users.find(user.id)) ?? user;
        if (await kinds.hasAny(stores, current, now)) return false;
        if (!(await stores.totpFactors.confirm(found.id, found.step, now))) return false;
        recoveryCodes = await firstCodes(stores, current, now);
        const withCodes = recoveryCodes.length > 0;
        await recordAndTell(parts, stores, { user: current, factor: found, actor, now, withCodes });
        return true;
      },
      recoveryCodes: () => recoveryCodes,
    };
  };
}

async function findRight(
  { database, clock, secrets }: EnrolTotpParts,
  { id: userId }: User,
  code: string,
): Promise<RightCode | undefined> {
  const now = clock.now();
  const since = now - factorLimits.enrolmentMilliseconds;
  const enrolment = await database.totpFactors.findEnrolment(userId, since);
  if (enrolment === undefined) return undefined;
  const step = secrets.stepOf(enrolment, code, now);
  return step === undefined ? undefined : { id: enrolment.id, name: enrolment.name, step };
}

interface RightCode {
  readonly id: FactorId;
  readonly name: string;
  readonly step: number;
}

/** Records the event, tells the owner, and stops a reset: it was for factors that were lost. `user`: read under the lock. */
async function recordAndTell(
  { notices }: EnrolTotpParts,
  stores: Stores,
  added: {
    readonly user: User;
    readonly factor: RightCode;
    readonly actor: Actor;
    readonly now: number;
    readonly sessionId?: SessionId;
    readonly withCodes?: boolean;
  },
): Promise<void> {
  const { user, factor, actor, now, sessionId, withCodes = false } = added;
  const about = { actor, userId: user.id, sessionId, detail: { factor: factor.id } };
  await stores.audit.record({ type: 'factor_added', reason: 'totp', ...about }, now);
  await stopReset(stores, user, { actor, now, reason: 'factor_added' });
  const takesBack = { about: 'factor', factorId: factor.id, withCodes } as const;
  await notices(stores, user, 'factor_added', { now, actor, sessionId, factor: factor.name, takesBack });
}
