/** Token responses over HTTP (RFC 6749 §5.1): in the body, or with the refresh token in the browser's cookie. */
import type { FastifyReply } from 'fastify';
import { setRefreshCookie } from './refreshCookie.ts';
import type { TokenResponseBody } from './schemas.ts';
import type { TokenResponse } from './tokenResponse.ts';

export function inBody(tokens: TokenResponse): TokenResponseBody {
  return { ...withoutRefreshToken(tokens), refresh_token: tokens.refreshToken };
}

/** Keeps the refresh token out of reach of scripts. */
export function inCookie(reply: FastifyReply, tokens: TokenResponse): TokenResponseBody {
  setRefreshCookie(reply, tokens.refreshToken, tokens.refreshExpiresIn);
  return withoutRefreshToken(tokens);
}

/** For a client that keeps the refresh token it has. */
export function withoutRefreshToken(tokens: TokenResponse): TokenResponseBody {
  return {
    access_token: tokens.accessToken,
    token_type: tokens.tokenType,
    expires_in: tokens.expiresIn,
    refresh_expires_in: tokens.refreshExpiresIn,
    scope: tokens.scope,
    session_id: tokens.sessionId,
  };
}
