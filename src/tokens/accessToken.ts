/**
 * Access tokens: ES256 JWTs of type `at+jwt` (RFC 9068). Owns their claims, and how they are issued and read. Does not own
 * revocation: a valid token may be revoked.
 */

import { numericDate } from '@countersign/verifier/clock';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { AccessTokenClaims } from '@countersign/verifier/tokens/accessTokenClaims';
import { newJti } from '@countersign/verifier/tokens/jti';
import { tokenTypes } from '@countersign/verifier/tokens/tokenTypes';
import { SignJWT } from 'jose';
import type { Signer } from '../keys/keyRing.ts';

/** The session's part of a token's claims; times are milliseconds. */
export interface TokenSubject {
  readonly id: SessionId;
  readonly userId: UserId;
  readonly tokenVersion: number;
  readonly clientId: string;
  readonly scope: string;
  readonly amr: readonly string[];
  readonly acr: string;
  readonly authTime: number;
}

export interface AccessTokenIssuer {
  /** Possible audiences: services, then the account. `aud` is one of them. */
  readonly audiences: readonly [services: string, account: string];
  /** The `exp`, in milliseconds, of a token issued at `now`. */
  expiry(now: number): number;
  /**
   * Pass the `now` given to `expiry`: the session's row must hold expiry and key before the token exists. `audience` defaults to
   * the services.
   */
  issue(subject: TokenSubject, signer: Signer, now: number, audience?: string): Promise<string>;
}

export function createAccessTokenIssuer(parts: {
  issuer: string;
  audience: string;
  accountAudience?: string;
  accessTtlMs: number;
  /** How long a second factor counts; undefined: as long as the session. */
  secondFactorMaxAgeMs?: number | undefined;
}): AccessTokenIssuer {
  const { issuer, audience: forServices, accountAudience = forServices, accessTtlMs } = parts;
  const { secondFactorMaxAgeMs: maxAgeMs = Number.POSITIVE_INFINITY } = parts;
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
        acr: subject.acr === '2fa' && now - subject.authTime > maxAgeMs ? '1fa' : subject.acr,
      };
      return new SignJWT({ ...claims, amr: [...claims.amr] })
        .setProtectedHeader({ alg: 'ES256', typ: tokenTypes.access, kid })
        .sign(privateKey);
    },
  };
}
