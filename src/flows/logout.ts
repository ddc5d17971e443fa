/** Logout: ends the sessions that the presented tokens belong to, with effect. Doing it again is a success again. */
import type { Origin } from '../audit/auditEvent.ts';
import { AuthorityError } from '../core/errors.ts';
import type { SessionId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import { together } from '../core/together.ts';
import type { RefreshTokens } from '../sessions/refreshToken.ts';
import { endOf } from './endSessions.ts';
import { readRefreshToken } from './genuineRefreshToken.ts';
import { type ReadingParts, readGenuineToken } from './readToken.ts';
import { type EffectParts, endWithEffect, inEffectInTime } from './withEffect.ts';

export interface LogoutParts extends EffectParts, ReadingParts {
  readonly refreshTokens: RefreshTokens;
}

/**
 * Either token of a session; any generation of the refresh token, since a client may have lost the latest. Both may come, and of
 * two sessions: nobody accepts either any more.
 */
export interface LogoutCredentials {
  readonly refreshToken?: string | undefined;
  readonly accessToken?: string | undefined;
}

/** Throws `invalid_grant`, or `invalid_token` when there is no refresh token, unless one of them is genuine. */
export type Logout = (credentials: LogoutCredentials, origin: Origin) => Promise<void>;

export function createLogout(parts: LogoutParts): Logout {
  const end = together<SessionLogout>(limits.logouts, (logouts, next) => endAll(parts, logouts, next));
  return async (credentials, origin) => {
    const ending = (await sessionsOf(parts, credentials)).map((sessionId) => end({ sessionId, origin }));
    await inEffectInTime(parts, Promise.all(ending));
  };
}

interface SessionLogout {
  readonly sessionId: SessionId;
  readonly origin: Origin;
}

/** In one statement, and with one announcement of its effect. Whoever waits begins while it is brought into effect. */
function endAll(parts: LogoutParts, logouts: readonly SessionLogout[], next: () => void): Promise<void> {
  const origins = new Map(logouts.map(({ sessionId, origin }) => [sessionId, origin]));
  const events = [...origins].map(([sessionId, origin]) => endOf(sessionId, 'logout', origin));
  return endWithEffect(parts, events, { reason: 'logout', now: parts.clock.now(), committed: next });
}

/** Whether a session has ended is not asked: logging it out again is a success. */
async function sessionsOf(
  parts: LogoutParts,
  { refreshToken, accessToken }: LogoutCredentials,
): Promise<readonly SessionId[]> {
  const sessions = new Set<SessionId>();
  let refusal: AuthorityError | undefined;
  if (refreshToken !== undefined) {
    const read = await readRefreshToken(parts, refreshToken);
    if (read.genuine) sessions.add(read.session.id);
    else refusal = new AuthorityError('invalid_grant', { reason: read.fault });
  }
  if (accessToken !== undefined) {
    const read = await readGenuineToken(parts, accessToken);
    if (read.valid) sessions.add(read.jti.sessionId);
    else refusal ??= new AuthorityError('invalid_token', { reason: read.fault });
  }
  if (refusal !== undefined && sessions.size === 0) throw refusal;
  return [...sessions];
}
