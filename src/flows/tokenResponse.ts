/** The answer of every flow that hands out tokens (RFC 6749 §5.1, with the session it belongs to). */
import { numericDate } from '../core/clock.ts';
import type { SessionId } from '../core/ids.ts';
import type { RefreshTokens } from '../sessions/refreshToken.ts';
import { type Session, sessionExpiry } from '../sessions/session.ts';
import type { AccessTokenIssuer } from '../tokens/accessToken.ts';

export interface TokenResponse {
  readonly accessToken: string;
  /** Seconds. */
  readonly expiresIn: number;
  readonly refreshToken: string;
  /** Seconds until the session ends by itself if it is not used again. */
  readonly refreshExpiresIn: number;
  readonly scope: string;
  readonly sessionId: SessionId;
}

export interface TokenParts {
  readonly accessTokens: AccessTokenIssuer;
  readonly refreshTokens: RefreshTokens;
}

type TokenSession = Omit<Session, 'rotatedAt' | 'graceRepeats' | 'endedAt'>;

/** Mints the access token and derives the refresh token of the session's generation. */
export async function respondWithTokens(
  { accessTokens, refreshTokens }: TokenParts,
  session: TokenSession,
  now: number,
): Promise<TokenResponse> {
  return {
    accessToken: await accessTokens.issue(session, now),
    expiresIn: numericDate(accessTokens.expiry(now)) - numericDate(now),
    refreshToken: refreshTokens.derive(session, session.generation),
    refreshExpiresIn: numericDate(sessionExpiry(session)) - numericDate(now),
    scope: session.scope,
    sessionId: session.id,
  };
}
