/**
 * Access tokens: ES256 JWTs of type `at+jwt` (RFC 9068). Owns their claims, and how they are issued and read. Does not own
 * revocation: a valid token may be revoked.
 */

import { numericDate } from '@countersign/verifier/clock';
import type { SessionId, UserId } from '@countersign/verifier/ids';
import type { AccessTokenClaims, ActorClaim } from '@countersign/verifier/tokens/accessTokenClaims';
import { newJti } from '@countersign/verifier/tokens/jti';
import { tokenTypes } from '@countersign/verifier/tokens/tokenTypes';
import { SignJWT } from 'jose';
import type { Signer } from '../keys/keyRing.ts';
import type { Subject } from '../sessions/store.ts';

/** The session's part of a token's claims; times are milliseconds. */
export interface TokenSubject {
  readonly id: SessionId;
  /** `sub`. */
  readonly userId: Subject;
  readonly tokenVersion: number;
  readonly clientId: string;
  readonly scope: string;
  readonly roles?: readonly string[];
  /** How often rights were taken away from the session: must be that at which scope and roles were read. */
  readonly rightsEpoch: number;
  readonly amr: readonly string[];
  /** Undefined for a client's own token. */
  readonly acr?: string | undefined;
  readonly authTime: number;
  /** Who acts for the subject (RFC 8693 §4.1). */
  readonly act?: ActorClaim | undefined;
  /** The thumbprint of the key that the token is bound to (RFC 9449 §6). */
  readonly jkt?: string | undefined;
}

export interface TokenUse {
  readonly audience?: string;
  /** The `exp`, in milliseconds; the latest by default. */
  readonly expiresAt?: number;
}

export interface AccessTokenIssuer {
  /** The audiences that settings name: services, then the account. */
  readonly audiences: readonly [services: string, account: string];
  /** The latest `exp`, in milliseconds, of a token issued at `now`. */
  expiry(now: number): number;
  /** What a token issued at `now` says of how its user was proved: a second factor counts for SECOND_FACTOR_MAX_AGE. */
  acr(subject: Pick<TokenSubject, 'acr' | 'authTime'>, now: number): TokenSubject['acr'];
  /** The session's row must hold expiry and key before the token exists. `audience` defaults to the services. */
  issue(subject: TokenSubject, signer: Signer, now: number, to?: TokenUse): Promise<string>;
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
  const acrAt = ({ acr, authTime }: Pick<TokenSubject, 'acr' | 'authTime'>, now: number) =>
    acr === '2fa' && now - authTime > maxAgeMs ? '1fa' : acr;

  return {
    audiences: [forServices, accountAudience],
    expiry,
    acr: acrAt,
    issue(subject, { kid, privateKey }, now, { audience = forServices, expiresAt = expiry(now) } = {}) {
      const { roles = [] } = subject;
      const acr = acrAt(subject, now);
      const claims: AccessTokenClaims = {
        iss: issuer,
        sub: subject.userId as UserId,
        aud: audience,
        exp: numericDate(expiresAt),
        iat: numericDate(now),
        jti: newJti(subject.id, now, subject.rightsEpoch),
        sid: subject.id,
        ver: subject.tokenVersion,
        client_id: subject.clientId,
        scope: subject.scope,
        ...(roles.length === 0 ? {} : { roles }),
        auth_time: numericDate(subject.authTime),
        amr: subject.amr,
        ...(acr === undefined ? {} : { acr }),
        ...(subject.act === undefined ? {} : { act: subject.act }),
        ...(subject.jkt === undefined ? {} : { cnf: { jkt: subject.jkt } }),
      };
      return new SignJWT({ ...claims, amr: [...claims.amr] })
        .setProtectedHeader({ alg: 'ES256', typ: tokenTypes.access, kid })
        .sign(privateKey);
    },
  };
}
