/** Finds the session of a refresh token, live or ended, for any generation. */

import type { Database } from '../database.ts';
import { type PresentedRefreshToken, parseRefreshToken, type RefreshTokens } from './refreshToken.ts';
import type { SessionWithUser } from './store.ts';

export interface GenuineTokenParts {
  readonly database: Pick<Database, 'sessions'>;
  readonly refreshTokens: Pick<RefreshTokens, 'isGenuine'>;
}

export interface GenuineRefreshToken {
  readonly session: SessionWithUser;
  readonly presented: PresentedRefreshToken;
}

export type RefreshTokenReading =
  | (GenuineRefreshToken & { readonly genuine: true })
  | { readonly genuine: false; readonly fault: 'malformed' | 'unknown_session' | 'forged' };

export async function readRefreshToken(
  { database, refreshTokens }: GenuineTokenParts,
  refreshToken: string,
): Promise<RefreshTokenReading> {
  const presented = parseRefreshToken(refreshToken);
  if (presented === undefined) return { genuine: false, fault: 'malformed' };
  const session = await database.sessions.find(presented.sessionId);
  if (session === undefined) return { genuine: false, fault: 'unknown_session' };
  return refreshTokens.isGenuine(session, presented)
    ? { genuine: true, session, presented }
    : { genuine: false, fault: 'forged' };
}
