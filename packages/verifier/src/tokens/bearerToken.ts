/** The bearer token of an Authorization header (RFC 6750 §2.1), and the challenge for a bad one (§3). */

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
