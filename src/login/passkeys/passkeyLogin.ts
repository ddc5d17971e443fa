/**
 * Login with a passkey alone. With user verification it is two factors: the device, and a PIN or a fingerprint. The user is named
 * by the passkey, so the options are the same for everybody and do not reveal who is registered.
 */
import { randomBytes } from 'node:crypto';
import { encodeBase64url } from '@countersign/verifier/encoding';
import { AuthorityError } from '@countersign/verifier/errors';
import type { UserId } from '@countersign/verifier/ids';
import type { Actor, AuditEvent } from '../../audit/auditEvent.ts';
import { newOneTimeToken, oneTimeTokenHash } from '../../platform/oneTimeTokens.ts';
import type { RateLimits } from '../../platform/rateLimits.ts';
import type { RevokingStores } from '../../revocation/propagation/revokeAndPropagate.ts';
import { chosenAudience, type TokenResponse } from '../../sessions/tokenResponse.ts';
import { type LoginClient, type StartSessionParts, startSession } from '../startSession.ts';
import type { PasswordAttempts } from '../throttling/passwordAttempts.ts';
import { passkeyLimits } from './limits.ts';
import type { ProvePasskey } from './provePasskey.ts';
import type { RequireRelyingParty } from './relyingParty.ts';
import { type AssertionAnswer, requestOptions } from './webauthn.ts';

export interface PasskeyLoginParts extends StartSessionParts {
  readonly requireRelyingParty: RequireRelyingParty;
  readonly provePasskey: ProvePasskey;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly passwordAttempts: Pick<PasswordAttempts, 'signedIn'>;
}

const purpose = 'passkey_login';

export interface StartedPasskeyLogin {
  readonly loginToken: string;
  /** For `navigator.credentials.get()`. */
  readonly options: Awaited<ReturnType<typeof requestOptions>>;
  /** Seconds. */
  readonly expiresIn: number;
}

/** Throws `unimplemented` without a host name in ISSUER. */
export type StartPasskeyLogin = (actor: Actor) => Promise<StartedPasskeyLogin>;

export function createStartPasskeyLogin(
  parts: Pick<PasskeyLoginParts, 'database' | 'clock' | 'requireRelyingParty' | 'rateLimits'>,
): StartPasskeyLogin {
  const { database, clock, requireRelyingParty, rateLimits } = parts;
  return async (actor) => {
    const relyingParty = requireRelyingParty();
    await rateLimits.spend(actor, 'passkey_options', 'global');
    const { token, hash } = newOneTimeToken();
    const challenge = newChallenge();
    const now = clock.now();
    await database.oneTimeTokens.create({
      ...{ hash, purpose, userId: undefined, codeHash: undefined, tries: 0, detail: { challenge } },
      ...{ createdAt: now, expiresAt: now + passkeyLimits.challengeMilliseconds },
    });
    const options = await requestOptions({ challenge, relyingParty });
    return { loginToken: token, options, expiresIn: passkeyLimits.challengeMilliseconds / 1000 };
  };
}

/** 256 random bits, as text. */
export function newChallenge(): string {
  return encodeBase64url(randomBytes(32));
}

export interface PasskeyLoginInput extends Omit<LoginClient, 'audience'> {
  readonly loginToken: string;
  readonly credential: AssertionAnswer;
  /** The audience of the access token; the services' audience by default. */
  readonly audience?: string | undefined;
}

/**
 * Throws `invalid_credentials`, alike for every reason. The login token is used up then, and may be used up after `unavailable`: the
 * transaction may have happened.
 */
export type PasskeyLogin = (input: PasskeyLoginInput, actor: Actor) => Promise<TokenResponse>;

export function createPasskeyLogin(parts: PasskeyLoginParts): PasskeyLogin {
  const { provePasskey, requireRelyingParty } = parts;
  return async ({ loginToken, credential, ...given }, actor) => {
    const client = { ...given, audience: await chosenAudience(parts, given.audience) };
    requireRelyingParty();
    const { database, clock, passwordAttempts } = parts;
    const hash = oneTimeTokenHash(loginToken);
    const started = hash && (await database.oneTimeTokens.find(hash, purpose, clock.now()));
    const challenge = started?.detail['challenge'];
    if (hash === undefined || typeof challenge !== 'string')
      return refuse(parts, { reason: 'login_token', actor });
    const verdict = await provePasskey({ answer: credential, challenge }, actor);
    if ('refused' in verdict)
      return refuse(parts, { hash, reason: verdict.refused, userId: verdict.user?.id, actor });
    const { user, amr, openedBy } = verdict;
    const strength = { amr: [...amr, 'mfa'], acr: '2fa', openedBy: openedBy ? [openedBy] : [] } as const;
    const commit = async (stores: RevokingStores, now: number) => {
      // Of several callers, one gets it.
      if ((await stores.oneTimeTokens.take(hash, purpose, now)) === undefined) return false;
      const committed = await verdict.commit(stores, now);
      if (committed === true) await passwordAttempts.signedIn(stores, user, actor.ip, now);
      if (committed === 'refused')
        await stores.audit.record(failed({ reason: verdict.refusal?.(), userId: user.id, actor }), now);
      return committed;
    };
    const proof = { user, ...strength, reason: 'passkey', commit };
    const tokens = await startSession(parts, proof, client, actor);
    if (tokens !== undefined) return tokens;
    const reason = verdict.refusal?.();
    if (reason !== undefined) throw notAccepted(reason);
    return refuse(parts, { hash, reason: 'used_meanwhile', userId: user.id, actor });
  };
}

interface Refusal {
  /** Of the login token. */
  readonly hash?: Uint8Array;
  readonly reason: string;
  readonly userId?: UserId | undefined;
  readonly actor: Actor;
}

/** The event is committed before the answer. Passkeys that nobody has leave none: anybody could fill the log. */
async function refuse(
  { database, clock }: PasskeyLoginParts,
  { hash, reason, userId, actor }: Refusal,
): Promise<never> {
  if (hash !== undefined) await database.oneTimeTokens.take(hash, purpose, clock.now());
  if (userId !== undefined) await database.audit.record(failed({ reason, userId, actor }), clock.now());
  throw notAccepted(reason);
}

function failed(about: Pick<AuditEvent, 'actor' | 'userId' | 'reason'>): AuditEvent {
  return { type: 'login_failed', ...about };
}

function notAccepted(reason: string): AuthorityError {
  return new AuthorityError('invalid_credentials', { detail: 'This passkey was not accepted.', reason });
}
