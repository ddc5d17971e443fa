/**
 * Refresh: read the row, judge, then one conditional statement that writes only if what was judged is still true.
 * Losing that race means that somebody else moved the session on, so the row is read and judged again.
 */
import type { Origin } from '../audit/auditEvent.ts';
import { AuthorityError } from '../core/errors.ts';
import { limits } from '../core/limits.ts';
import { judgeRefresh } from '../sessions/judgeRefresh.ts';
import { type PresentedRefreshToken, parseRefreshToken } from '../sessions/refreshToken.ts';
import type { SessionUse, SessionWithUser } from '../sessions/sessionStore.ts';
import { sessionsEnded } from './sessionEvents.ts';
import { chooseSigner, respondWithTokens, type TokenParts, type TokenResponse } from './tokenResponse.ts';
import { type EffectParts, withEffect } from './withEffect.ts';

export interface RefreshParts extends TokenParts, EffectParts {
  readonly refreshGraceMs: number;
  readonly refreshIdleTtlMs: number;
}

export type Refresh = (refreshToken: string, origin: Origin) => Promise<TokenResponse>;

export function createRefresh(parts: RefreshParts): Refresh {
  return async (refreshToken, origin) => {
    const presented = parseRefreshToken(refreshToken);
    // A token that is not ours is refused without a write: guessing must not become database load.
    if (presented === undefined) throw refusal('malformed');
    for (let attempt = 0; attempt < limits.refreshAttempts; attempt += 1) {
      const response = await tryRefresh(parts, presented, origin);
      if (response !== 'lost_race') return response;
    }
    throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'refresh_contention' });
  };
}

async function tryRefresh(
  parts: RefreshParts,
  presented: PresentedRefreshToken,
  origin: Origin,
): Promise<TokenResponse | 'lost_race'> {
  const session = await parts.database.sessions.find(presented.sessionId);
  if (session === undefined) throw refusal('unknown_session');
  if (!parts.refreshTokens.isGenuine(session, presented)) throw refusal('forged');

  const now = parts.clock.now();
  const client = { userAgent: origin.userAgent, ip: origin.ip };
  const verdict = judgeRefresh(session, presented.generation, { now, client, graceMs: parts.refreshGraceMs });
  switch (verdict.kind) {
    case 'rotated':
    case 'repeated_in_grace':
      return write(parts, session, verdict.kind, now, origin);
    case 'repeated_too_often':
      // No time to try again: by then this token would be outside of the window, and a thief's.
      throw new AuthorityError('refresh_repeated', {
        detail:
          'refresh_token: was exchanged several times already; go on with the token that you were given for it',
      });
    case 'theft':
      return endStolenSession(parts, session, verdict.rule, now, origin);
    case 'refused':
      await recordRefusal(parts, session, verdict.rule, now, origin);
      throw refusal(verdict.rule);
  }
}

async function write(
  parts: RefreshParts,
  session: SessionWithUser,
  kind: 'rotated' | 'repeated_in_grace',
  now: number,
  origin: Origin,
): Promise<TokenResponse | 'lost_race'> {
  const signer = await chooseSigner(parts);
  const use: SessionUse = {
    now,
    userAgent: origin.userAgent,
    ip: origin.ip,
    idleExpiresAt: now + parts.refreshIdleTtlMs,
    accessExpiresAt: parts.accessTokens.expiry(now),
    signingKid: signer.kid,
  };
  const written = await parts.database.transaction(async ({ sessions, audit }) => {
    const { id, userId, generation } = session;
    const done =
      kind === 'rotated'
        ? await sessions.advance(id, generation, use)
        : await sessions.repeat(id, generation, limits.refreshGraceRepeats, use);
    if (done)
      await audit.record({ type: 'session_refreshed', origin, userId, sessionId: id, reason: kind }, now);
    return done;
  });
  if (!written) return 'lost_race';
  const current =
    kind === 'rotated'
      ? { ...session, generation: session.generation + 1, idleExpiresAt: use.idleExpiresAt }
      : session;
  return respondWithTokens(parts, current, signer, now);
}

/** Who holds which token can no longer be told, so both lose: the session ends with effect, then the refusal. */
async function endStolenSession(
  parts: RefreshParts,
  { id, userId }: SessionWithUser,
  rule: string,
  now: number,
  origin: Origin,
): Promise<never> {
  await withEffect(parts, now, async (stores) => {
    const ended = await stores.endSessions({ sessionIds: [id] }, 'refresh_replayed');
    await stores.audit.record({ type: 'refresh_refused', origin, userId, sessionId: id, reason: rule }, now);
    await stores.audit.recordAll(sessionsEnded(ended, 'refresh_replayed', origin), now);
  });
  throw refusal(rule);
}

async function recordRefusal(
  { database }: RefreshParts,
  { id, userId }: SessionWithUser,
  rule: string,
  now: number,
  origin: Origin,
): Promise<void> {
  await database.audit.record({ type: 'refresh_refused', origin, userId, sessionId: id, reason: rule }, now);
}

function refusal(reason: string): AuthorityError {
  return new AuthorityError('invalid_grant', { reason });
}
