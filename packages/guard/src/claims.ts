/** The claims that a service receives: identical whoever read the token, and frozen, because callers share them. */
import type { IntrospectResponse__Output } from '@countersign/verifier/contract/generated/countersign/v1/IntrospectResponse';
import type { AccessTokenClaims, ActorClaim } from '@countersign/verifier/tokens/accessTokenClaims';
import type { Confirmation } from '@countersign/verifier/tokens/confirmation';

export type { AccessTokenClaims };

export function ownClaims(claims: AccessTokenClaims): AccessTokenClaims {
  const {
    iss,
    sub,
    aud,
    exp,
    iat,
    jti,
    sid,
    ver,
    client_id,
    scope,
    auth_time,
    amr,
    acr,
    act,
    cnf,
    roles = [],
  } = claims;
  return Object.freeze({
    ...{ iss, sub, aud, exp, iat, jti, sid, ver, client_id, scope, auth_time },
    ...(acr === undefined || acr === '' ? {} : { acr }),
    ...(act === undefined || act === null ? {} : { act: frozen(act) }),
    ...(cnf === undefined || cnf === null ? {} : { cnf: Object.freeze({ ...cnf }) }),
    ...(roles.length === 0 ? {} : { roles: Object.freeze([...roles]) }),
    amr: Object.freeze([...amr]),
  });
}

/** Over gRPC, one that is missing is null. */
function frozen({ sub, act }: ActorClaim): ActorClaim {
  return Object.freeze({ sub, ...(act === undefined || act === null ? {} : { act: frozen(act) }) });
}

/** The claims of a token that the authority calls active. */
export function claimsOfIntrospection(answer: IntrospectResponse__Output): AccessTokenClaims {
  const { clientId: client_id, authTime: auth_time, cnf, ...rest } = answer;
  return ownClaims({ ...rest, cnf: boundTo(cnf), client_id, auth_time } as unknown as AccessTokenClaims);
}

/** Empty text is absent. A node that is newer may know another kind: that is neither, and nobody holds it. */
function boundTo(cnf: IntrospectResponse__Output['cnf']): Confirmation | undefined {
  if (cnf === null || cnf === undefined) return undefined;
  return cnf.jkt === '' ? { 'x5t#S256': cnf.x5tS256 } : { jkt: cnf.jkt };
}

/** RFC 6749 §3.3. */
export function hasScopes({ scope }: AccessTokenClaims, needed: readonly string[]): boolean {
  const granted = scope.split(' ');
  return needed.every((each) => granted.includes(each));
}
