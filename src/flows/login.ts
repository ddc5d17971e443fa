/** Password login: who it is, then a session and its first pair of tokens. */
import type { AuditEvent, Origin } from '../audit/auditEvent.ts';
import { normaliseEmail } from '../authn/email.ts';
import type { PasswordHasher } from '../authn/passwordHash.ts';
import { normalisePassword } from '../authn/passwordPolicy.ts';
import type { User } from '../authn/user.ts';
import type { Clock } from '../core/clock.ts';
import { AuthorityError } from '../core/errors.ts';
import { newId, type SessionId } from '../core/ids.ts';
import type { NewSession } from '../sessions/sessionStore.ts';
import type { Database, Stores } from './database.ts';
import type { PasswordAttempt, PasswordAttempts } from './passwordAttempts.ts';
import { chooseSigner, respondWithTokens, type TokenParts, type TokenResponse } from './tokenResponse.ts';

/** The client of the authority's own HTTP interface, and what its tokens may do: manage the account they belong to. */
const firstParty = { clientId: 'first-party', scope: 'account' } as const;

export interface LoginParts extends TokenParts {
  readonly database: Database;
  readonly passwords: PasswordHasher;
  readonly passwordAttempts: PasswordAttempts;
  readonly clock: Clock;
  readonly refreshIdleTtlMs: number;
  readonly sessionMaxTtlMs: number;
}

export type Login = (
  input: { readonly email: string; readonly password: string; readonly deviceName?: string | undefined },
  origin: Origin,
) => Promise<TokenResponse>;

export function createLogin(parts: LoginParts): Login {
  const { database, passwords } = parts;

  const verifyPassword = async (user: User | undefined, text: string): Promise<boolean> => {
    const password = normalisePassword(text);
    // An unknown user costs the same work as a wrong password, so that time does not tell who is registered.
    if (user === undefined || password === undefined) return passwords.verifyDummy(password ?? '');
    return (await passwords.verify(user.passwordHash, password)) && user.disabledAt === undefined;
  };

  return async (input, origin) => {
    const email = normaliseEmail(input.email);
    return parts.passwordAttempts.attempt(email, { ip: origin.ip }, async (attempt) => {
      const user = await database.users.findByEmail(email);
      const verified = await attempt.check(() => verifyPassword(user, input.password));
      if (user === undefined || !verified) return refuse(parts, user, attempt, origin);

      const upgraded = passwords.needsRehash(user.passwordHash)
        ? await passwords.hash(input.password.normalize('NFC'))
        : undefined;
      const signer = await chooseSigner(parts);
      const session = newSession(parts, user, input.deviceName, origin);
      const now = session.createdAt;
      const created = await database.transaction(async (stores) => {
        if (!(await isUnchanged(stores, user, upgraded === undefined ? 'share' : 'update'))) return false;
        if (upgraded !== undefined) await stores.users.replaceHash(user.id, upgraded);
        await attempt.succeeded(stores, now);
        await stores.sessions.create(session, signer.kid);
        await stores.audit.record(
          { type: 'login_succeeded', origin, userId: user.id, sessionId: session.id, reason: 'password' },
          now,
        );
        return true;
      });
      return created
        ? respondWithTokens(parts, { ...session, generation: 0 }, signer, now)
        : refuse(parts, user, attempt, origin);
    });
  };
}

/**
 * Between the password check and this lock somebody may have changed the password, logged out everywhere or disabled
 * the user. Versions are compared, never times, so a login in flight cannot survive any of them.
 */
async function isUnchanged(stores: Stores, user: User, lock: 'share' | 'update'): Promise<boolean> {
  const current = await stores.users.lock(user.id, lock);
  return (
    current !== undefined && current.tokenVersion === user.tokenVersion && current.disabledAt === undefined
  );
}

/** One refusal for every reason; the event is committed before the answer. */
async function refuse(
  { database, clock }: LoginParts,
  user: User | undefined,
  { last, countedAs }: PasswordAttempt,
  origin: Origin,
): Promise<never> {
  const userId = user?.id;
  const failed: AuditEvent = { type: 'login_failed', origin, userId };
  const locked: AuditEvent = { type: 'password_locked', origin, userId, reason: countedAs };
  await database.audit.recordAll(last ? [failed, locked] : [failed], clock.now());
  throw new AuthorityError('invalid_credentials');
}

function newSession(
  parts: LoginParts,
  user: User,
  deviceName: string | undefined,
  origin: Origin,
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
    userAgent: origin.userAgent,
    ip: origin.ip,
    createdAt: now,
    lastUsedAt: now,
    idleExpiresAt: now + parts.refreshIdleTtlMs,
    expiresAt: now + parts.sessionMaxTtlMs,
    accessExpiresAt: parts.accessTokens.expiry(now),
  };
}
