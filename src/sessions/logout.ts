/**
 * Logout: ends the sessions that the presented tokens belong to, with effect, as far as the tokens say more than the database knows
 * also by that. Doing it again is a success again.
 */

import { AuthorityError } from '@countersign/verifier/errors';
import type { SessionId } from '@countersign/verifier/ids';
import type { Actor } from '../audit/auditEvent.ts';
import { createBatcher } from '../platform/queues/batcher.ts';
import {
  inEffectInTime,
  type RevokingParts,
  revokeAndPropagate,
  revokeInOneStatement,
} from '../revocation/propagation/revokeAndPropagate.ts';
import { type ReadingParts, readGenuineToken } from '../tokens/readToken.ts';
import { endOf } from './endSessions.ts';
import { type GenuineRefreshToken, readRefreshToken } from './genuineRefreshToken.ts';
import { sessionLimits } from './limits.ts';
import { type NamedByToken, revokeNamed, rowCovers } from './namedByToken.ts';
import type { RefreshTokens } from './refreshToken.ts';
import type { EndedSession } from './store.ts';

export interface LogoutParts extends RevokingParts, ReadingParts {
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
export type Logout = (credentials: LogoutCredentials, actor: Actor) => Promise<void>;

export function createLogout(parts: LogoutParts): Logout {
  const end = createBatcher<SessionLogout>(sessionLimits.logouts, (logouts, next) =>
    endAll(parts, logouts, next),
  );
  return async (credentials, actor) => {
    const ending = (await sessionsOf(parts, credentials)).map((session) => end({ ...session, actor }));
    await inEffectInTime(parts, Promise.all(ending));
  };
}

/** Of the token that was shown: undefined for a refresh token of which the row knows. */
interface NamedSession {
  readonly sessionId: SessionId;
  readonly named: NamedByToken | undefined;
}

interface SessionLogout extends NamedSession {
  readonly actor: Actor;
}

/** In one statement, and with one announcement of its effect. Whoever waits begins while it is brought into effect. */
async function endAll(
  parts: LogoutParts,
  logouts: readonly SessionLogout[],
  next: () => void,
): Promise<void> {
  const origins = new Map(logouts.map(({ sessionId, actor }) => [sessionId, actor]));
  const events = [...origins].map(([sessionId, actor]) => endOf(sessionId, 'logout', actor));
  const ended = await revokeInOneStatement(parts, events, {
    reason: 'logout',
    now: parts.clock.now(),
    committed: next,
  });
  await endBeyondRows(parts, logouts, ended);
}

/** Tokens that outlive what the database knows of their session, or of which it knows none. There are seldom any. */
async function endBeyondRows(
  parts: LogoutParts,
  logouts: readonly SessionLogout[],
  ended: readonly EndedSession[],
): Promise<void> {
  const rows = new Map(ended.map((session) => [session.id, session]));
  const beyond = logouts.flatMap(({ named, actor }) =>
    named === undefined || rowCovers(rows.get(named.sessionId), named) ? [] : [{ named, actor }],
  );
  if (beyond.length === 0) return;
  // In one order, so that two that revoke the same do not wait for each other in a circle.
  beyond.sort((one, other) => (one.named.sessionId < other.named.sessionId ? -1 : 1));
  const now = parts.clock.now();
  await revokeAndPropagate(parts, now, async (stores) => {
    for (const { named, actor } of beyond) await revokeNamed(stores, named, { reason: 'logout', actor, now });
  });
}

/** Whether a session has ended is not asked: logging it out again is a success. */
async function sessionsOf(
  parts: LogoutParts,
  { refreshToken, accessToken }: LogoutCredentials,
): Promise<readonly NamedSession[]> {
  const sessions = new Map<SessionId, NamedSession>();
  const add = (sessionId: SessionId, named: NamedByToken | undefined) =>
    sessions.set(sessionId, { sessionId, named });
  let refusal: AuthorityError | undefined;
  if (refreshToken !== undefined) {
    const read = await readRefreshToken(parts, refreshToken);
    if (read.genuine) add(read.session.id, newerThanRow(read));
    else refusal = new AuthorityError('invalid_grant', { reason: read.fault });
  }
  if (accessToken !== undefined) {
    const read = await readGenuineToken(parts, accessToken);
    if (read.valid) {
      const { sub: userId, sid: sessionId, exp } = read.claims;
      const known = sessions.get(sessionId)?.named;
      add(sessionId, known ?? { userId, sessionId, expiresAt: exp * 1000 });
    } else refusal ??= new AuthorityError('invalid_token', { reason: read.fault });
  }
  if (refusal !== undefined && sessions.size === 0) throw refusal;
  return [...sessions.values()];
}

/** A generation that the row has not come to: the row is of an earlier time, and tokens of the session may live on. */
function newerThanRow({ session, presented }: GenuineRefreshToken): NamedByToken | undefined {
  if (presented.generation <= session.generation) return undefined;
  return { userId: session.userId, sessionId: session.id, expiresAt: Number.POSITIVE_INFINITY };
}
