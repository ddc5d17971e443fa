/**
 * Adds a passkey in two steps: options for the browser, then its answer. The challenge is a one-time token, so the answer itself
 * says which options it belongs to.
 */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { FactorId } from '@countersign/verifier/ids';
import type { User } from '../../accounts/user.ts';
import type { Actor } from '../../audit/auditEvent.ts';
import type { Database, Stores } from '../../database.ts';
import type { Notices } from '../../notifications/notices.ts';
import type { Config } from '../../platform/config/config.ts';
import { newId } from '../../platform/newId.ts';
import { newOneTimeToken, oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import type { Caller } from '../../sessions/session.ts';
import { firstCodes } from '../factors/enrolTotp.ts';
import { requireFactorsAllowed } from '../factors/factorPolicy.ts';
import { stopReset } from '../factors/reset/stopReset.ts';
import { checkUnchanged, findCaller } from '../passwords/reauthentication.ts';
import { passkeyLimits } from './limits.ts';
import type { Passkey } from './passkey.ts';
import { userHandleOf } from './provePasskey.ts';
import type { RelyingParty, RequireRelyingParty } from './relyingParty.ts';
import {
  challengeIn,
  creationOptions,
  type NewCredential,
  type RegistrationAnswer,
  verifyRegistration,
} from './webauthn.ts';

export interface AddPasskeyParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly requireRelyingParty: RequireRelyingParty;
  readonly policy: Config['secondFactor'];
  readonly notices: Notices;
}

const purpose = 'passkey_registration';

/**
 * For `navigator.credentials.create()`. Throws `permission_denied` when the settings allow no second factors, `invalid_request`
 * above the limit of passkeys, and `unimplemented`.
 */
export type StartPasskey = (caller: Caller) => ReturnType<typeof creationOptions>;

export function createStartPasskey(parts: AddPasskeyParts): StartPasskey {
  const { database, clock, requireRelyingParty } = parts;
  return async (caller) => {
    const { userId, sessionId } = caller;
    requireFactorsAllowed(parts.policy);
    const relyingParty = requireRelyingParty();
    const user = await findCaller(parts, caller);
    const existing = await database.passkeys.list(userId);
    refuseAboveLimit(existing);
    const { token, hash } = newOneTimeToken();
    const now = clock.now();
    await database.oneTimeTokens.create({
      ...{ hash, purpose, userId, codeHash: undefined, tries: 0, detail: { session_id: sessionId } },
      ...{ createdAt: now, expiresAt: now + passkeyLimits.challengeMilliseconds },
    });
    const expected = { challenge: token, relyingParty };
    const handle = userHandleOf(userId);
    return creationOptions(expected, { handle, name: user.email }, existing);
  };
}

export interface NewPasskey {
  readonly name: string;
  readonly credential: RegistrationAnswer;
}

/** Throws `invalid_request` for every answer that is not good, and above the limit of passkeys. */
export type AddPasskey = (input: NewPasskey, caller: Caller, actor: Actor) => Promise<AddedPasskey>;

export interface AddedPasskey {
  readonly id: FactorId;
  /** The user's first set, shown once; empty when there is one already. From now on the password alone does not log in. */
  readonly recoveryCodes: readonly string[];
}

export function createAddPasskey(parts: AddPasskeyParts): AddPasskey {
  const { database, clock, requireRelyingParty } = parts;
  return async ({ name, credential }, caller, actor) => {
    requireFactorsAllowed(parts.policy);
    const relyingParty = requireRelyingParty();
    const user = await findCaller(parts, caller);
    const verified = await verify(parts, credential, caller, relyingParty);
    const now = clock.now();
    const passkey = {
      ...{ ...verified, id: newId<FactorId>(now), userId: user.id, name, rpId: relyingParty.id },
      ...{ createdAt: now, lastUsedAt: undefined },
    };
    const { id } = passkey;
    const recoveryCodes = await database.transaction((stores) =>
      store(parts, stores, { passkey, user, caller, actor, now }),
    );
    return { id, recoveryCodes };
  };
}

/** Uses the challenge up, even if the answer is refused. */
async function verify(
  { database, clock }: AddPasskeyParts,
  credential: RegistrationAnswer,
  { userId, sessionId }: Caller,
  relyingParty: RelyingParty,
): Promise<NewCredential> {
  const challenge = challengeIn(credential.response.clientDataJSON) ?? '';
  const hash = oneTimeTokenHash(challenge);
  const token = hash && (await database.oneTimeTokens.take(hash, purpose, clock.now()));
  if (token?.userId !== userId || token.detail['session_id'] !== sessionId) throw refusal('challenge');
  const verdict = await verifyRegistration(credential, { challenge, relyingParty });
  if ('refused' in verdict) throw refusal(verdict.refused);
  return verdict;
}

async function store(
  { notices }: AddPasskeyParts,
  stores: Stores,
  added: {
    readonly passkey: Passkey;
    readonly user: User;
    readonly caller: Caller;
    readonly actor: Actor;
    readonly now: number;
  },
): Promise<readonly string[]> {
  const { passkey, user, caller, actor, now } = added;
  const { sessionId } = caller;
  // Locks the user's row: two at once count each other.
  const current = await checkUnchanged(stores, user, sessionId);
  refuseAboveLimit(await stores.passkeys.list(user.id));
  if ((await stores.passkeys.create(passkey)) === 'taken') throw refusal('taken');
  const detail = { factor: passkey.id, device_type: passkey.deviceType, backed_up: passkey.backedUp };
  const event = {
    type: 'factor_added',
    reason: 'passkey',
    actor,
    userId: user.id,
    sessionId,
    detail,
  } as const;
  await stores.audit.record(event, now);
  await stopReset(stores, current, { actor, now, reason: 'factor_added' });
  const codes = await firstCodes(stores, user, now);
  const takesBack = { about: 'factor', factorId: passkey.id, withCodes: codes.length > 0 } as const;
  await notices(stores, user, 'factor_added', { now, actor, sessionId, factor: passkey.name, takesBack });
  return codes;
}

function refuseAboveLimit({ length }: readonly Passkey[]): void {
  if (length >= passkeyLimits.passkeysPerUser)
    throw invalidField('credential', 'count', `there are ${length} passkeys; remove one first`);
}

/** Alike for every fault of an answer. */
function refusal(reason: string): AuthorityError {
  const message = 'is not an answer to options of this session that are at most five minutes old and unused';
  return new AuthorityError('invalid_request', {
    detail: `credential: ${message}`,
    errors: [{ field: 'credential', rule: 'verified', message }],
    reason: `passkey_${reason}`,
  });
}
