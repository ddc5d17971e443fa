/** Logout: ends the session that a token belongs to, with effect. Doing it again is a success again. */
import type { Origin } from '../audit/auditEvent.ts';
import { AuthorityError } from '../core/errors.ts';
import type { SessionId } from '../core/ids.ts';
import { parseRefreshToken, type RefreshTokens } from '../sessions/refreshToken.ts';
import { type ReadingParts, readGenuineToken } from './readToken.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export interface LogoutParts extends EffectParts, ReadingParts {
  readonly refreshTokens: RefreshTokens;
}

/** Either token of the session; any generation of the refresh token, since a client may have lost the latest. */
export type LogoutCredential = { readonly refreshToken: string } | { readonly accessToken: string };

export type Logout = (credential: LogoutCredential, origin: Origin) => Promise<void>;

export function createLogout(parts: LogoutParts): Logout {
  return async (credential, origin) => {
    const now = parts.clock.now();
    const sessionId =
      'refreshToken' in credential
        ? await sessionOfRefreshToken(parts, credential.refreshToken)
        : await sessionOfAccessToken(parts, credential.accessToken);
    await withEffect(parts, now, async (stores) => {
      const [ended] = await stores.endSessions({ sessionId }, 'logout');
      if (ended === undefined) return;
      const { userId } = ended;
      await stores.audit.record({ type: 'session_ended', origin, userId, sessionId, reason: 'logout' }, now);
    });
  };
}

async function sessionOfRefreshToken(parts: LogoutParts, refreshToken: string): Promise<SessionId> {
  const presented = parseRefreshToken(refreshToken);
  if (presented === undefined) throw new AuthorityError('invalid_grant', { reason: 'malformed' });
  const session = await parts.database.sessions.find(presented.sessionId);
  if (session === undefined || !parts.refreshTokens.isGenuine(session, presented)) {
    throw new AuthorityError('invalid_grant', {
      reason: session === undefined ? 'unknown_session' : 'forged',
    });
  }
  return session.id;
}

/** Whether the session has ended is not asked: logging it out again is a success. */
async function sessionOfAccessToken(parts: LogoutParts, accessToken: string): Promise<SessionId> {
  const read = await readGenuineToken(parts, accessToken);
  if (!read.valid) throw new AuthorityError('invalid_token', { reason: read.fault });
  return read.jti.sessionId;
}
