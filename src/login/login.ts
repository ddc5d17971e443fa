/** Password login: who it is, then a session and its first pair of tokens. */

import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import { normaliseEmail } from '../accounts/email.ts';
import type { User } from '../accounts/user.ts';
import type { Actor, AuditEvent } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import { newId } from '../platform/newId.ts';
import type { Turn } from '../platform/queues/fairQueue.ts';
import type { RateLimits } from '../platform/rateLimits.ts';
import {
  type RevokingParts,
  type RevokingStores,
  revokeAndPropagate,
} from '../revocation/propagation/revokeAndPropagate.ts';
import { endSelected, sessionEnded } from '../sessions/endSessions.ts';
import { readRefreshToken } from '../sessions/genuineRefreshToken.ts';
import type { NewSession } from '../sessions/store.ts';
import {
  chooseSigner,
  chosenAudience,
  respondWithTokens,
  type TokenParts,
  type TokenResponse,
} from '../sessions/tokenResponse.ts';
import { hashTurn, type PasswordHasher } from './passwords/passwordHash.ts';
import { normalisePassword } from './passwords/passwordPolicy.ts';
import type { PasswordAttempt, PasswordAttempts } from './throttling/passwordAttempts.ts';
import type { UnknownEmails } from './unknownEmails.ts';

/** The client of the authority's own HTTP interface, and what its tokens may do: manage the account they belong to. */
const firstParty = { clientId: 'first-party', scope: 'account' } as const;

export interface LoginParts extends TokenParts, RevokingParts {
  readonly passwords: PasswordHasher;
  readonly passwordAttempts: PasswordAttempts;
  readonly unknownEmails: UnknownEmails;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly refreshIdleTtlMs: number;
  readonly sessionMaxTtlMs: number;
  /** Of one user at the same time; the oldest ends to make room. */
  readonly sessionsPerUser: number;
}

export interface LoginInput {
  readonly email: string;
  readonly password: string;
  readonly deviceName?: string | undefined;
  /** What the client calls its device. */
  readonly deviceId?: string | undefined;
  /** What the access token is for: the audience of services, unless that of the account is asked for. */
  readonly audience?: string | undefined;
  /**
   * The refresh token that the same browser had until now. Its session, if there is one, ends with effect: whoever put it
   * there, or used this browser before, must not share what comes after (OWASP ASVS 5.0 V7.2.4).
   */
  readonly replaces?: string | undefined;
}

export type Login = (input: LoginInput, actor: Actor) => Promise<TokenResponse>;

export function createLogin(parts: LoginParts): Login {
  const { database, passwords, rateLimits } = parts;

  const verifyPassword = async (user: User | undefined, text: string, turn: Turn): Promise<boolean> => {
    const password = normalisePassword(text);
    // An unknown user costs the same work as a wrong password, so that time does not tell who is registered.
    if (user === undefined || password === undefined) return passwords.verifyDummy(password ?? '', turn);
    return (await passwords.verify(user.passwordHash, password, turn)) && user.disabledAt === undefined;
  };

  return async (input, actor) => {
    const email = normaliseEmail(input.email);
    const audience = chosenAudience(parts, input.audience);
    return parts.passwordAttempts.attempt(email, { ip: actor.ip }, async (attempt) => {
      // An owner in a known network does not share a budget with strangers.
      if (attempt.countedAs === 'strangers') await rateLimits.spend(actor, 'login', 'global');
      const user = await database.users.findByEmail(email);
      const verified = await attempt.check(() => verifyPassword(user, input.password, attempt.turn));
      if (user === undefined || !verified) return refuse(parts, user, { rule: ruleOf(user), attempt, actor });

      const upgraded = passwords.needsRehash(user.passwordHash)
        ? await passwords.hash(input.password.normalize('NFC'), hashTurn(actor.ip, true))
        : undefined;
      const signer = await chooseSigner(parts, parts.clock.now());
      const session = newSession(parts, user, input, actor);
      const now = session.createdAt;
      const replaced = await replacedSession(parts, input.replaces);
      // One transaction: nobody is left with both sessions, or with none.
      const { result: created } = await revokeAndPropagate(parts, now, async (stores) => {
        if (!(await isUnchanged(stores, user))) return false;
        if (upgraded !== undefined) await stores.users.replaceHash(user.id, upgraded);
        await attempt.succeeded(stores, now);
        if (replaced !== undefined) await endReplaced(stores, replaced, now, actor);
        await makeRoom(parts, stores, user, now, actor);
        await stores.sessions.create(session, signer.kid);
        await stores.audit.record(
          { type: 'login_succeeded', actor, userId: user.id, sessionId: session.id, reason: 'password' },
          now,
        );
        return true;
      });
      return created
        ? respondWithTokens(parts, { ...session, generation: 0 }, signer, { now, audience })
        : refuse(parts, user, { rule: 'version', attempt, actor });
    });
  };
}

/** A token that we did not issue has no session to end, and must not keep anybody from logging in. */
async function replacedSession(
  parts: LoginParts,
  refreshToken: string | undefined,
): Promise<SessionId | undefined> {
  const read = refreshToken === undefined ? undefined : await readRefreshToken(parts, refreshToken);
  return read?.genuine ? read.session.id : undefined;
}

async function endReplaced(
  stores: RevokingStores,
  sessionId: SessionId,
  now: number,
  actor: Actor,
): Promise<void> {
  const [ended] = await stores.endSessions({ sessionIds: [sessionId] }, 'logout');
  if (ended === undefined) return;
  await stores.audit.record(sessionEnded(ended, 'replaced_by_login', actor), now);
}

/**
 * Between the password check and this lock somebody may have changed the password, logged out everywhere or disabled
 * the user. Versions are compared, never times, so a login in flight cannot survive any of them.
 */
async function isUnchanged(stores: Stores, user: User): Promise<boolean> {
  // Not shared with another login of the user: each counts the sessions that there are.
  const current = await stores.users.lock(user.id);
  return (
    current !== undefined && current.tokenVersion === user.tokenVersion && current.disabledAt === undefined
  );
}

/** Ends the oldest sessions beyond the limit, with effect. The caller holds the lock of the user's row. */
async function makeRoom(
  { sessionsPerUser }: LoginParts,
  stores: RevokingStores,
  { id: userId }: User,
  now: number,
  { requestId }: Actor,
): Promise<void> {
  const oldest = { userId, allButNewest: sessionsPerUser - 1 };
  // The user did not ask for it; the login did.
  const actor: Actor = { name: 'authority', requestId };
  await endSelected(stores, oldest, { reason: 'session_limit', actor, now });
}

/** For the audit trail only. A user who is disabled is told so there, whatever the password was. */
function ruleOf(user: User | undefined): string {
  if (user === undefined) return 'unknown_user';
  return user.disabledAt === undefined ? 'wrong_password' : 'user_disabled';
}

/** One refusal for every reason; the event is committed before the answer. */
async function refuse(
  { database, clock, unknownEmails }: LoginParts,
  user: User | undefined,
  { rule, attempt, actor }: { rule: string; attempt: PasswordAttempt; actor: Actor },
): Promise<never> {
  const userId = user?.id;
  const failed: AuditEvent = { type: 'login_failed', actor, userId, reason: rule };
  const locked: AuditEvent = { type: 'password_locked', actor, userId, reason: attempt.countedAs };
  const noted = user !== undefined || unknownEmails.isWorthNoting(actor.ip, clock.monotonic());
  // A right password that came too late is given back: it locks nothing.
  const locks = attempt.last && rule !== 'version';
  if (noted) await database.audit.recordAll(locks ? [failed, locked] : [failed], clock.now());
  // One write in any case, so that time does not tell who is registered.
  else await attempt.touch();
  throw new AuthorityError('invalid_credentials');
}

function newSession(
  parts: LoginParts,
  user: User,
  { deviceName, deviceId }: LoginInput,
  actor: Actor,
): NewSession {
  const now = parts.clock.now();
  const id = newId<SessionId>(now);
  return {
    ...firstParty,
    id,
    userId: user.id,
    sealedSecret: parts.refreshTokens.newSealedSecret(id),
    tokenVersion: user.tokenVersion,
    amr: ['pwd'],
    authTime: now,
    deviceName,
    userAgent: actor.userAgent,
    ip: actor.ip,
    deviceId,
    createdAt: now,
    lastUsedAt: now,
    idleExpiresAt: now + parts.refreshIdleTtlMs,
    expiresAt: now + parts.sessionMaxTtlMs,
    accessExpiresAt: parts.accessTokens.expiry(now),
  };
}
