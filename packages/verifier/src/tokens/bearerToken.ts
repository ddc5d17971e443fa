/** The bearer token of an Authorization header (RFC 6750 §2.1), and the challenge for a bad one (§3). */

import { numericDate } from '../clock.ts';
import type { AccessTokenClaims } from './accessTokenClaims.ts';

const bearerShape = /^Bearer +([A-Za-z0-9._~+/=-]+) *$/i;

/** `missing`: no Authorization header. `malformed`: a header without a bearer token. */
export type BearerToken = { readonly token: string } | 'missing' | 'malformed';

export function readBearerToken(authorization: string | undefined): BearerToken {
  if (authorization === undefined) return 'missing';
  const token = bearerShape.exec(authorization)?.[1];
  return token === undefined ? 'malformed' : { token };
}

/** RFC 6750 §3: no error code when the request has no token. */
export const challenges = {
  token_required: 'Bearer realm="countersign"',
  invalid_token:
    'Bearer realm="countersign", error="invalid_token", error_description="The access token is not valid"',
} as const;

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
export function authenticationChallenge({ maxAgeSeconds, acr }: NeededAuthentication): string {
  const parts = [
    'Bearer realm="countersign"',
    'error="insufficient_user_authentication"',
    'error_description="The user must prove who they are again"',
    ...(maxAgeSeconds === undefined ? [] : [`max_age="${maxAgeSeconds}"`]),
    ...(acr === undefined ? [] : [`acr_values="${acr}"`]),
  ];
  return parts.join(', ');
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
