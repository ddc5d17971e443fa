/**
 * Evaluates whether this access token is valid now, for the asking audience. HTTP bearer authentication and gRPC introspection
 * share this one evaluator, so they cannot disagree. No SQL and no write, unless a filter hit must be confirmed.
 */

import type { Verdict } from '@countersign/verifier/revocation/denyList';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import type { ReadToken, TokenFault } from '@countersign/verifier/tokens/accessTokenReader';
import type { EarlierIntrospection, EarlierTokens } from './earlierIssuers/earlierTokens.ts';
import { type ReadingParts, readToken } from './readToken.ts';

export type Introspection =
  | { readonly active: true; readonly claims: AccessTokenClaims }
  /** The reason is for logs and metrics; the caller learns only that the token is not active. */
  | { readonly active: false; readonly reason: TokenFault | 'revoked' | 'other_audience' };

export interface IntrospectParts extends ReadingParts {
  /** The audience of a caller that has none of its own. */
  readonly audience: string;
}

/**
 * `audiences`: those of the caller, since a token for one audience is not valid for another; the usual one if there are none.
 * Returns at once when memory decides, which is nearly always. Throws or rejects with `unavailable` when the deny-list cannot
 * answer safely.
 */
export type Introspect = (
  token: string,
  audiences?: readonly string[],
) => Introspection | Promise<Introspection>;

export function createIntrospect(parts: IntrospectParts): Introspect {
  const usual = [parts.audience];
  const judge = (read: ReadToken, given: readonly string[]): Introspection | Promise<Introspection> => {
    if (!read.valid) return { active: false, reason: read.fault };
    const audiences = given.length === 0 ? usual : given;
    if (!audiences.includes(read.claims.aud)) return { active: false, reason: 'other_audience' };
    const verdict = parts.denyList.check([...read.jti.subjects, read.keySubject], read.jti.issuedAt);
    return verdict instanceof Promise
      ? verdict.then((late) => toIntrospection(late, read.claims))
      : toIntrospection(verdict, read.claims);
  };
  return (token, audiences = []) => {
    const read = readToken(parts, token);
    return read instanceof Promise ? read.then((late) => judge(late, audiences)) : judge(read, audiences);
  };
}

function toIntrospection({ revoked }: Verdict, claims: AccessTokenClaims): Introspection {
  return revoked ? { active: false, reason: 'revoked' } : { active: true, claims };
}

/** As `Introspect`, also for tokens of earlier issuers. */
export type IntrospectAny = (
  token: string,
  audiences?: readonly string[],
) => Introspection | EarlierIntrospection | Promise<Introspection | EarlierIntrospection>;

/** How our reader refuses what is not of our form or keys. */
const maybeForeign: readonly string[] = ['malformed', 'header', 'unknown_key'];

export function createIntrospectAny(
  introspect: Introspect,
  earlierTokens: EarlierTokens | undefined,
  usual: string,
): IntrospectAny {
  if (earlierTokens === undefined) return introspect;
  // Tokens of earlier issuers are for the usual audience: a caller with others must not see them.
  const maySee = (audiences: readonly string[] = []) => audiences.length === 0 || audiences.includes(usual);
  const orEarlier = (result: Introspection, token: string) => {
    if (result.active || !maybeForeign.includes(result.reason)) return result;
    if (!earlierTokens.isForeign(token)) return result;
    return earlierTokens.introspect(token).then((earlier) => earlier ?? result);
  };
  return (token, audiences) => {
    const result = introspect(token, audiences);
    if (!maySee(audiences)) return result;
    return result instanceof Promise
      ? result.then((late) => orEarlier(late, token))
      : orEarlier(result, token);
  };
}
