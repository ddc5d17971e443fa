/**
 * Password change: proves the current password, then ends every other session. A client that sends its session's refresh token
 * gets one with a new secret, so a stolen copy becomes useless. Without it the old token stays valid: the client would be logged
 * out otherwise.
 */

import { numericDate } from '@countersign/verifier/clock';
import { AuthorityError, invalidField } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import type { Stores } from '../database.ts';
import { hashTurn } from '../login/passwords/passwordHash.ts';
import type { PasswordPolicy } from '../login/passwords/passwordPolicy.ts';
import {
  checkUnchanged,
  findCaller,
  type ProvingParts,
  provePassword,
} from '../login/passwords/reauthentication.ts';
import { recoveryPurposes } from '../notifications/links.ts';
import type { Notices } from '../notifications/notices.ts';
import { type RevokingParts, revokeAndPropagate } from '../revocation/propagation/revokeAndPropagate.ts';
import { endOthers } from '../sessions/endSessions.ts';
import { readRefreshToken } from '../sessions/readRefreshToken.ts';
import type { RefreshTokens } from '../sessions/refreshToken.ts';
import type { Caller } from '../sessions/session.ts';
import { sessionExpiry } from '../sessions/session.ts';
import type { User } from './user.ts';

export interface ChangePasswordParts extends RevokingParts, ProvingParts {
  readonly passwordPolicy: PasswordPolicy;
  readonly refreshTokens: RefreshTokens;
  readonly notices: Notices;
}

/** From now on the session's only valid refresh token. */
export interface NewRefreshToken {
  readonly refreshToken: string;
  /** Seconds until an unused session ends. */
  readonly refreshExpiresIn: number;
}

export interface PasswordChange {
  readonly currentPassword: string;
  readonly newPassword: string;
  /** The session's refresh token, of any generation. */
  readonly refreshToken?: string | undefined;
}

/** Returns a new refresh token in exchange for a presented one. Throws as `provePassword` does. */
export type ChangePassword = (
  input: PasswordChange,
  caller: Caller,
  actor: Actor,
) => Promise<NewRefreshToken | undefined>;

export function createChangePassword(parts: ChangePasswordParts): ChangePassword {
  const { passwords, passwordPolicy } = parts;
  return async ({ currentPassword, newPassword, refreshToken }, caller, actor) => {
    const { sessionId } = caller;
    const user = await findCaller(parts, caller);
    const password = await passwordPolicy.check(newPassword, { field: 'new_password', email: user.email });
    if (refreshToken !== undefined) await refuseOfOthers(parts, refreshToken, sessionId);
    const proof = { user, sessionId, currentPassword, actor, refusal: 'password_change_refused' } as const;
    return provePassword(parts, proof, async () => {
      if (password === currentPassword.normalize('NFC'))
        throw invalidField('new_password', 'different', 'is the current password; choose another');
      const passwordHash = await passwords.hash(password, hashTurn(actor.ip, true));
      return change(parts, { user, passwordHash, sessionId, actor, rotates: refreshToken !== undefined });
    });
  };
}

async function refuseOfOthers(
  parts: ChangePasswordParts,
  refreshToken: string,
  sessionId: SessionId,
): Promise<void> {
  const read = await readRefreshToken(parts, refreshToken);
  if (!read.genuine || read.session.id !== sessionId)
    throw invalidField('refresh_token', 'own', 'must be the one of the session that changes the password');
}

interface Change {
  readonly user: User;
  readonly passwordHash: string;
  readonly sessionId: SessionId;
  readonly actor: Actor;
  readonly rotates: boolean;
}

async function change(parts: ChangePasswordParts, asked: Change): Promise<NewRefreshToken | undefined> {
  const { user, passwordHash, sessionId, actor, rotates } = asked;
  const { id: userId } = user;
  const now = parts.clock.now();
  const { result } = await revokeAndPropagate(parts, now, async (stores) => {
    await checkUnchanged(stores, user, sessionId);
    await stores.users.setPassword(userId, passwordHash, now);
    await parts.passwordAttempts.passwordChanged(stores, user, actor.ip, now);
    await stores.audit.record({ type: 'password_changed', actor, userId, sessionId }, now);
    // Recovery was asked for by somebody without the password.
    for (const purpose of recoveryPurposes) await stores.oneTimeTokens.forget(userId, purpose);
    await parts.notices(stores, user, 'password_changed', { now, actor, sessionId });
    await endOthers(stores, { userId, sessionId }, { reason: 'password_changed', actor, now });
    return rotates ? rotate(parts, stores, sessionId, now) : undefined;
  });
  return result;
}

async function rotate(
  { refreshTokens }: ChangePasswordParts,
  { sessions }: Pick<Stores, 'sessions'>,
  id: SessionId,
  now: number,
): Promise<NewRefreshToken> {
  await sessions.replaceSecret({ id, sealedSecret: refreshTokens.newSealedSecret(id) });
  const session = await sessions.find(id);
  if (session === undefined) throw new AuthorityError('invalid_token', { reason: 'unknown_session' });
  return {
    refreshToken: refreshTokens.derive(session, session.generation),
    refreshExpiresIn: numericDate(sessionExpiry(session)) - numericDate(now),
  };
}
