/** Password login: verifies the user, then creates a session and its first pair of tokens. */

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

/** The client of the authority's own HTTP interface; its tokens may manage their account. */
const firstParty = { clientId: 'first-party', scope: 'account' } as const;

export interface LoginParts extends TokenParts, RevokingParts {
  readonly passwords: PasswordHasher;
  readonly passwordAttempts: PasswordAttempts;
  readonly unknownEmails: UnknownEmails;
  readonly rateLimits: Pick<RateLimits, 'spend'>;
  readonly refreshIdleTtlMs: number;
  readonly sessionMaxTtlMs: number;
  /** Live sessions of one user; the oldest ends to make room. */
  readonly sessionsPerUser: number;
}

export interface LoginInput {
  readonly email: string;
  readonly password: string;
  readonly deviceName?: string | undefined;
  /** The client's name for its device. */
  readonly deviceId?: string | undefined;
  /** The audience of the access token; the services' audience by default. */
  readonly audience?: string | undefined;
  /**
   * The browser's previous refresh token. Its session ends and that is propagated: a previous user of this browser must not share
   * the new login (OWASP ASVS 5.0 V7.2.4).
   */
  readonly replaces?: string | undefined;
}

export type Login = (input: LoginInput, actor: Actor) => Promise<TokenResponse>;

export function createLogin(parts: LoginParts): Login {
  const { database, passwords, rateLimits } = parts;

  const verifyPassword = async (user: User | undefined, text: string, turn: Turn): Promise<boolean> => {
    const password = normalisePassword(text);
    // An unknown user takes the same work as a wrong password: response times must not reveal registration.
    if (user === undefined || password === undefined) return passwords.verifyDummy(password ?? '', turn);
    return (await passwords.verify(user.passwordHash, password, turn)) && user.disabledAt === undefined;
  };

  return async (input, actor) => {
    const email = normaliseEmail(input.email);
    const audience = chosenAudience(parts, input.audience);
    return parts.passwordAttempts.attempt(email, { ip: actor.ip }, async (attempt) => {
      // An owner in a known network does not share the strangers' budget.
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
      // One transaction: a browser never keeps both sessions, or neither.
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

/** A token we did not issue has no session to end, and must not prevent the login. */
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
 * Since the password check, somebody may have changed the password, logged out everywhere or disabled the user. Compares
 * versions, never times, so a login in flight survives none of these.
 */
async function isUnchanged(stores: Stores, user: User): Promise<boolean> {
  // Locked exclusively: two parallel logins must each count the other's session.
  const current = await stores.users.lock(user.id);
  return (
    current !== undefined && current.tokenVersion === user.tokenVersion && current.disabledAt === undefined
  );
}

/** Ends the oldest sessions above the limit. The caller holds the user row's lock. */
async function makeRoom(
  { sessionsPerUser }: LoginParts,
  stores: RevokingStores,
  { id: userId }: User,
  now: number,
  { requestId }: Actor,
): Promise<void> {
  const oldest = { userId, allButNewest: sessionsPerUser - 1 };
  // The login ends it, not the user.
  const actor: Actor = { name: 'authority', requestId };
  await endSelected(stores, oldest, { reason: 'session_limit', actor, now });
}

/** For the audit log only. A disabled user is recorded as such whatever the password was. */
function ruleOf(user: User | undefined): string {
  if (user === undefined) return 'unknown_user';
  return user.disabledAt === undefined ? 'wrong_password' : 'user_disabled';
}

/** The same refusal for every reason; the event is committed before the answer. */
async function refuse(
  { database, clock, unknownEmails }: LoginParts,
  user: User | undefined,
  { rule, attempt, actor }: { rule: string; attempt: PasswordAttempt; actor: Actor },
): Promise<never> {
  const userId = user?.id;
  const failed: AuditEvent = { type: 'login_failed', actor, userId, reason: rule };
  const locked: AuditEvent = { type: 'password_locked', actor, userId, reason: attempt.countedAs };
  const noted = user !== undefined || unknownEmails.isWorthNoting(actor.ip, clock.monotonic());
  // A right password that came too late is given back and locks nothing.
  const locks = attempt.last && rule !== 'version';
  if (noted) await database.audit.recordAll(locks ? [failed, locked] : [failed], clock.now());
  // Writes in any case: response times must not reveal registration.
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
