/** Reads the caller of an HTTP request, for every framework. */
import { readBearerToken } from '@countersign/verifier/tokens/bearerToken';
import type { AccessTokenClaims } from './claims.ts';
import type { Guard } from './guard.ts';
import type { VerifyOptions } from './verify.ts';

/** Passed to the guard for a header without a token, so that it is counted. Its spaces make it invalid. */
const noToken = 'no bearer token';

/** Rejects with `GuardError`. Reads only the Authorization header (RFC 6750 §2.1). */
export async function verifyBearer(
  guard: Pick<Guard, 'verify'>,
  authorization: string | undefined,
  options: VerifyOptions = {},
): Promise<AccessTokenClaims> {
  const bearer = readBearerToken(authorization);
  if (bearer === 'missing') return guard.verify(undefined, options);
  return guard.verify(bearer === 'malformed' ? noToken : bearer.token, options);
}
