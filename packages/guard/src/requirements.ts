/** What a call of `verify` asks for beside a valid token: how it was sent, scopes, and how its user was authenticated. */
import type { Clock } from '@countersign/verifier/clock';
import { isAuthenticated } from '@countersign/verifier/tokens/bearerToken';
import { tokenType } from '@countersign/verifier/tokens/dpopProof';
import { type AccessTokenClaims, hasScopes } from './claims.ts';
import { checkNeeded, checkScopes, type GuardErrorCode, type GuardErrorDetails } from './guardError.ts';
import type { Proofs } from './proofs.ts';
import type { VerifyOptions } from './verify.ts';

export interface Lacking {
  readonly code: GuardErrorCode;
  readonly details: GuardErrorDetails;
}

/**
 * What the token lacks; undefined for nothing. A scope before the user: no proof of the user helps where one is missing. Throws
 * `TypeError` for malformed options, which are the service's fault.
 */
export type FindLacking = (
  token: string,
  claims: AccessTokenClaims,
  options: VerifyOptions,
) => Lacking | undefined;

export function createFindLacking(clock: Pick<Clock, 'now'>, proofs: Proofs): FindLacking {
  const proved = new WeakSet<AccessTokenClaims>();
  const faultOfSending = (token: string, claims: AccessTokenClaims, options: VerifyOptions) => {
    const { request, again } = options;
    if (claims.cnf === undefined && request === undefined) return undefined;
    if (again !== undefined && proved.has(again) && again.jti === claims.jti) return undefined;
    const fault = proofs.faultOf(token, claims, options);
    if (fault === undefined) proved.add(claims);
    return fault;
  };

  return (token, claims, options) => {
    const { scopes, maxAgeSeconds, acr } = options;
    const fault = faultOfSending(token, claims, options);
    if (fault !== undefined) return fault;
    const scheme = tokenType(claims.cnf?.jkt);
    if (scopes !== undefined && !(Array.isArray(scopes) && hasScopes(claims, scopes))) {
      checkScopes(scopes);
      return { code: 'insufficient_scope', details: { scopes, scheme } };
    }
    if (maxAgeSeconds === undefined && acr === undefined) return undefined;
    checkNeeded(options);
    if (isAuthenticated(claims, options, clock.now())) return undefined;
    const needed = { maxAgeSeconds, acr };
    return { code: 'insufficient_user_authentication', details: { needed, scheme } };
  };
}
