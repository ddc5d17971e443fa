/**
 * Is this access token good, now? The one evaluator behind every door: HTTP bearer authentication and gRPC
 * introspection cannot disagree. No SQL and no write, unless a bloom hit has to be confirmed.
 */
import type { Clock } from '../core/clock.ts';
import type { DenyList } from '../revocation/denyList.ts';
import type { AccessTokenClaims } from '../tokens/accessToken.ts';
import type { AccessTokenReader, TokenFault } from '../tokens/accessTokenReader.ts';

export type Introspection =
  | { readonly active: true; readonly claims: AccessTokenClaims }
  /** Why is for logs and metrics; the caller learns only that it is not active. */
  | { readonly active: false; readonly reason: TokenFault | 'revoked' };

/** Rejects with `unavailable` when the deny-list cannot be asked safely. */
export type Introspect = (token: string) => Promise<Introspection>;

export function createIntrospect(parts: {
  accessTokenReader: AccessTokenReader;
  denyList: DenyList;
  clock: Clock;
}): Introspect {
  const { accessTokenReader, denyList, clock } = parts;
  return async (token) => {
    const read = accessTokenReader.read(token, clock.now());
    if (!read.valid) return { active: false, reason: read.fault };
    const verdict = await denyList.check(read.jti.subjects);
    return verdict.revoked ? { active: false, reason: 'revoked' } : { active: true, claims: read.claims };
  };
}
