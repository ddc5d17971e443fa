/** The token of an Authorization header (RFC 6750 §2.1, RFC 9449 §7.1), and the challenge for a bad one. */

import { numericDate } from '../clock.ts';
import type { AccessTokenClaims } from './accessTokenClaims.ts';

const shape = /^(Bearer|DPoP) +([A-Za-z0-9._~+/=-]+) *$/i;

/** `DPoP`: the token is bound to a key, and the request has a proof of it. */
export type TokenScheme = 'Bearer' | 'DPoP';

export interface SentToken {
  readonly scheme: TokenScheme;
  readonly token: string;
}

/** `missing`: no Authorization header. `malformed`: a header without a bearer token. */
export type BearerToken = { readonly token: string } | 'missing' | 'malformed';

export function readBearerToken(authorization: string | undefined): BearerToken {
  const sent = readSentToken(authorization);
  return typeof sent === 'object' && sent.scheme !== 'Bearer' ? 'malformed' : sent;
}

/** `malformed`: a header without a token of either scheme. */
export function readSentToken(authorization: string | undefined): SentToken | 'missing' | 'malformed' {
  if (authorization === undefined) return 'missing';
  const [, scheme, token] = shape.exec(authorization) ?? [];
  if (token === undefined) return 'malformed';
  return { scheme: scheme?.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', token };
}

const descriptions = {
  invalid_token: 'The access token is not valid',
  invalid_dpop_proof: 'The proof of the key is not valid',
  use_dpop_nonce: 'The proof must have the nonce of this answer',
  insufficient_user_authentication: 'The user must prove who they are again',
} as const;

export type ChallengedError = keyof typeof descriptions;

/** RFC 6750 §3, RFC 9449 §7.1. Undefined: the request has no token, and then there is no error code. */
export function challengeOf(
  error: ChallengedError | undefined,
  scheme: TokenScheme = 'Bearer',
  parameters: readonly string[] = [],
): string {
  const said = error === undefined ? [] : [`error="${error}"`, `error_description="${descriptions[error]}"`];
  const algorithms = scheme === 'DPoP' ? ['algs="ES256"'] : [];
  return [`${scheme} realm="countersign"`, ...said, ...parameters, ...algorithms].join(', ');
}

/**
 * The `acr` of a session whose use is in doubt until its user steps up: OpenID Connect Core §2 has `0` for sessions that only a
 * long-lived secret keeps alive. No age of its proof is good.
 */
export const doubtfulAcr = '0';

/** What a proof of the user must be like. */
export interface NeededAuthentication {
  readonly maxAgeSeconds?: number | undefined;
  /** Authentication context class, such as `2fa`. */
  readonly acr?: string | undefined;
}

/** RFC 9470 §3. `acr` must not contain quotes or backslashes. */
export function authenticationChallenge(
  { maxAgeSeconds, acr }: NeededAuthentication,
  scheme: TokenScheme = 'Bearer',
): string {
  return challengeOf('insufficient_user_authentication', scheme, [
    ...(maxAgeSeconds === undefined ? [] : [`max_age="${maxAgeSeconds}"`]),
    ...(acr === undefined ? [] : [`acr_values="${acr}"`]),
  ]);
}

/** Whether the token's user was authenticated as needed. `now` in milliseconds; a proof of exactly the maximum age is good. */
export function isAuthenticated(
  { auth_time: authTime, acr }: Pick<AccessTokenClaims, 'auth_time' | 'acr'>,
  needed: NeededAuthentication,
  now: number,
): boolean {
  const { maxAgeSeconds } = needed;
  // Without a class it is a client's own token: no user proved anything.
  if (maxAgeSeconds !== undefined && (acr === undefined || acr === doubtfulAcr)) return false;
  if (maxAgeSeconds !== undefined && numericDate(now) - authTime > maxAgeSeconds) return false;
  // An unknown class matches only itself.
  return needed.acr === undefined || acr === needed.acr || (needed.acr === '1fa' && acr === '2fa');
}
