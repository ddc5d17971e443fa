/** Finds the session of a refresh token, live or ended, for any generation. */

import type { SessionId } from '@countersign/verifier/ids';
import type { Database } from '../database.ts';
import { type PresentedRefreshToken, parseRefreshToken, type RefreshTokens } from './refreshToken.ts';
import type { SessionWithRights, SessionWithUser } from './store.ts';

export interface GenuineTokenParts {
  readonly database: Pick<Database, 'sessions'>;
  readonly refreshTokens: Pick<RefreshTokens, 'isGenuine'>;
}

export interface GenuineRefreshToken<Found = SessionWithUser> {
  readonly session: Found;
  readonly presented: PresentedRefreshToken;
}

export type RefreshTokenReading<Found = SessionWithUser> =
  | (GenuineRefreshToken<Found> & { readonly genuine: true })
  | { readonly genuine: false; readonly fault: 'malformed' | 'unknown_session' | 'forged' };

export function readRefreshToken(
  parts: GenuineTokenParts,
  refreshToken: string,
): Promise<RefreshTokenReading> {
  return readTokenOf(parts, refreshToken, parts.database.sessions.find);
}

/** For a refresh: with the rights of the user at the session's audience, or else at this one. */
export function readForRefresh(
  parts: GenuineTokenParts,
  refreshToken: string,
  audience: string,
): Promise<RefreshTokenReading<SessionWithRights>> {
  return readTokenOf(parts, refreshToken, (id) => parts.database.sessions.findWithRights(id, audience));
}

async function readTokenOf<Found extends SessionWithUser>(
  { refreshTokens }: GenuineTokenParts,
  refreshToken: string,
  find: (id: SessionId) => Promise<Found | undefined>,
): Promise<RefreshTokenReading<Found>> {
  const presented = parseRefreshToken(refreshToken);
  if (presented === undefined) return { genuine: false, fault: 'malformed' };
  const session = await find(presented.sessionId);
  if (session === undefined) return { genuine: false, fault: 'unknown_session' };
  return refreshTokens.isGenuine(session, presented)
    ? { genuine: true, session, presented }
    : { genuine: false, fault: 'forged' };
}
