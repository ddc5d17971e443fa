/**
 * Is this access token good, now? The one evaluator behind every door: HTTP bearer authentication and gRPC
 * introspection cannot disagree. No SQL and no write, unless a bloom hit has to be confirmed.
 */
import type { AccessTokenClaims } from '../tokens/accessToken.ts';
import type { TokenFault } from '../tokens/accessTokenReader.ts';
import { type ReadingParts, readToken } from './readToken.ts';

export type Introspection =
  | { readonly active: true; readonly claims: AccessTokenClaims }
  /** Why is for logs and metrics; the caller learns only that it is not active. */
  | { readonly active: false; readonly reason: TokenFault | 'revoked' };

/** Rejects with `unavailable` when the deny-list cannot be asked safely. */
export type Introspect = (token: string) => Promise<Introspection>;

export function createIntrospect(parts: ReadingParts): Introspect {
  return async (token) => {
    const read = await readToken(parts, token);
    if (!read.valid) return { active: false, reason: read.fault };
    const verdict = await parts.denyList.check([...read.jti.subjects, read.keySubject]);
    return verdict.revoked ? { active: false, reason: 'revoked' } : { active: true, claims: read.claims };
  };
}
