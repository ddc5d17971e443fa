/** The caller of an HTTP request, for every framework. */
import { readBearerToken } from '../tokens/bearerToken.ts';
import type { AccessTokenClaims } from './claims.ts';
import type { Guard } from './guard.ts';
import { GuardError } from './guardError.ts';

/** Rejects with `GuardError`. Reads the Authorization header and nothing else (RFC 6750 §2.1). */
export async function verifyBearer(
  guard: Pick<Guard, 'verify'>,
  authorization: string | undefined,
  scopes: readonly string[] | undefined,
): Promise<AccessTokenClaims> {
  const bearer = readBearerToken(authorization);
  if (bearer === 'malformed') throw new GuardError('invalid_token', { reason: 'not_bearer' });
  return guard.verify(
    bearer === 'missing' ? undefined : bearer.token,
    scopes === undefined ? {} : { scopes },
  );
}
