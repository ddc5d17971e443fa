/**
 * Access tokens: ES256 JWTs of type `at+jwt` (RFC 9068). Owns their claims, how they are issued and how they are read.
 * Does not own revocation: a token that reads well may still be dead.
 */

import { numericDate } from '@countersign/verifier/clock';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import { newJti } from '@countersign/verifier/tokens/jti';
import { tokenTypes } from '@countersign/verifier/tokens/tokenTypes';
import { SignJWT } from 'jose';
import type { Signer } from '../keys/keyRing.ts';

/** What a token says of the session it is minted in; all times are milliseconds. */
export interface TokenSubject {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly tokenVersion: number;
  readonly clientId: string;
  readonly scope: string;
  readonly amr: readonly string[];
  readonly authTime: number;
}

export interface AccessTokenIssuer {
  /** What a token can be for: services first, then the account itself. `aud` is one of them. */
  readonly audiences: readonly [services: string, account: string];
  /** The `exp`, in milliseconds, of a token that is issued at `now`. */
  expiry(now: number): number;
  /** `now` is the one that `expiry` was given: the session's row must know expiry and key before a token exists. For services, unless `audience` says otherwise. */
  issue(subject: TokenSubject, signer: Signer, now: number, audience?: string): Promise<string>;
}

export function createAccessTokenIssuer(parts: {
  issuer: string;
  audience: string;
  accountAudience?: string;
  accessTtlMs: number;
}): AccessTokenIssuer {
  const { issuer, audience: forServices, accountAudience = forServices, accessTtlMs } = parts;
  const expiry = (now: number) => (numericDate(now) + numericDate(accessTtlMs)) * 1000;

  return {
    audiences: [forServices, accountAudience],
    expiry,
    issue(subject, { kid, privateKey }, now, audience = forServices) {
      const claims: AccessTokenClaims = {
        iss: issuer,
        sub: subject.userId,
        aud: audience,
        exp: numericDate(expiry(now)),
        iat: numericDate(now),
        jti: newJti(subject.id, now),
        sid: subject.id,
        ver: subject.tokenVersion,
        client_id: subject.clientId,
        scope: subject.scope,
        auth_time: numericDate(subject.authTime),
        amr: subject.amr,
      };
      return new SignJWT({ ...claims, amr: [...claims.amr] })
        .setProtectedHeader({ alg: 'ES256', typ: tokenTypes.access, kid })
        .sign(privateKey);
    },
  };
}
