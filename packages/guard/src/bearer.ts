/** The caller of an HTTP request, for every framework. */
import { readBearerToken } from '@countersign/verifier/tokens/bearerToken';
import type { AccessTokenClaims } from './claims.ts';
import type { Guard } from './guard.ts';

/** What a guard is given for a header that holds no token, so that it counts it. With its spaces it can be none. */
const noToken = 'no bearer token';

/** Rejects with `GuardError`. Reads the Authorization header and nothing else (RFC 6750 §2.1). */
export async function verifyBearer(
  guard: Pick<Guard, 'verify'>,
  authorization: string | undefined,
  scopes: readonly string[] | undefined,
): Promise<AccessTokenClaims> {
  const bearer = readBearerToken(authorization);
  const options = scopes === undefined ? {} : { scopes };
  if (bearer === 'missing') return guard.verify(undefined, options);
  return guard.verify(bearer === 'malformed' ? noToken : bearer.token, options);
}
