/**
 * The one reader of access tokens, for HTTP, gRPC and the guard. Cheap checks come first: length, shape, strict base64url, strict
 * JSON, header allow-list, known key; then the signature; then the claims with their exact types (RFC 8725 §3).
 */
import { numericDate } from '../clock.ts';
import { uuidPattern } from '../ids.ts';
import { verifierLimits } from '../limits.ts';
import type { AccessTokenClaims } from './accessTokenClaims.ts';
import { decodeCompact, isSigned } from './compactJws.ts';
import { isConfirmation } from './confirmation.ts';
import { type Jti, parseJti } from './jti.ts';
import type { Verifier } from './publicKey.ts';
import { tokenTypes } from './tokenTypes.ts';
import { createVerifiedTokens, type VerifiedToken, type VerifiedTokens } from './verifiedTokens.ts';

/** Why a token was refused: for logs and metrics only, never for the caller. */
export type TokenFault =
  | 'too_long'
  | 'malformed'
  | 'header'
  | 'unknown_key'
  | 'signature'
  | 'claims'
  | 'issuer'
  | 'audience'
  | 'expired'
  | 'not_yet_valid';

interface ValidToken {
  readonly valid: true;
  readonly claims: AccessTokenClaims;
  readonly jti: Jti;
  /** The deny-list subject of the key that signed it. */
  readonly keySubject: Uint8Array;
}

interface RefusedToken {
  readonly valid: false;
  readonly fault: TokenFault;
}

export type ReadToken = ValidToken | RefusedToken;

export interface AccessTokenReader {
  /**
   * Returns a token or a fault for any text; throws only `unavailable`, when this node's keys are too old to rely on. `now` in
   * milliseconds.
   */
  read(token: string, now: number): ReadToken;
}

export function createAccessTokenReader(parts: {
  keyRing: { verifier(kid: string): Verifier | undefined };
  issuer: string;
  /** The accepted one, or several: then the caller decides what a token for each may do. */
  audience: string | { has(audience: string): boolean };
  verified?: VerifiedTokens;
}): AccessTokenReader {
  const { keyRing, issuer, audience, verified = createVerifiedTokens() } = parts;
  const audiences = typeof audience === 'string' ? new Set([audience]) : audience;

  /** Judged each time: audiences come and go. */
  const faultOfPlace = ({ iss, aud }: AccessTokenClaims): TokenFault | undefined => {
    if (iss !== issuer) return 'issuer';
    return audiences.has(aud) ? undefined : 'audience';
  };

  /** Reads a token for the first time. */
  const readNew = (text: string): VerifiedToken | RefusedToken => {
    const jws = decodeCompact(text);
    if (jws === undefined) return refused('malformed');
    const kid = headerKid(jws.header);
    if (kid === undefined) return refused('header');
    const verifier = keyRing.verifier(kid);
    if (verifier === undefined) return refused('unknown_key');
    if (!isSigned(jws, verifier.publicKey)) return refused('signature');
    const judged = judgeClaims(jws.payload, faultOfPlace);
    return 'fault' in judged
      ? judged
      : { kid, key: verifier.publicKey, keySubject: verifier.subject, ...judged };
  };

  const readAgain = (known: VerifiedToken, text: string): VerifiedToken | RefusedToken => {
    const verifier = keyRing.verifier(known.kid);
    if (verifier === undefined) return refused('unknown_key');
    return verifier.publicKey === known.key ? known : readNew(text);
  };

  return {
    read(text, now) {
      if (text.length > verifierLimits.tokenCharacters) return refused('too_long');
      const known = verified.get(text);
      const token = known === undefined ? readNew(text) : readAgain(known, text);
      if ('fault' in token) return token;
      const { claims, jti, notBefore, keySubject } = token;
      const fault = faultOfPlace(claims);
      if (fault !== undefined) return refused(fault);
      const seconds = numericDate(now);
      if (notBefore > seconds + verifierLimits.clockSkewSeconds) return refused('not_yet_valid');
      if (claims.exp <= seconds) return refused('expired');
      if (token !== known) verified.add(text, token);
      return { valid: true, claims, jti, keySubject };
    },
  };
}

const refused = (fault: TokenFault): RefusedToken => ({ valid: false, fault });

const kidShape = /^[A-Za-z0-9_-]{1,64}$/;

/** Exactly `alg`, `typ` and `kid`: headers with keys, compression, encryption or `crit` are refused, not ignored. */
function headerKid({ alg, typ, kid, ...others }: Readonly<Record<string, unknown>>): string | undefined {
  const allowed = alg === 'ES256' && typ === tokenTypes.access && Object.keys(others).length === 0;
  return allowed && typeof kid === 'string' && kidShape.test(kid) ? kid : undefined;
}

/** All but the times. */
function judgeClaims(
  payload: Readonly<Record<string, unknown>>,
  faultOfPlace: (claims: AccessTokenClaims) => TokenFault | undefined,
): Pick<VerifiedToken, 'claims' | 'jti' | 'notBefore'> | RefusedToken {
  if (!hasClaimTypes(payload)) return refused('claims');
  const fault = faultOfPlace(payload);
  if (fault !== undefined) return refused(fault);
  const jti = parseJti(payload.jti);
  if (jti === undefined || jti.sessionId !== payload.sid) return refused('claims');
  const lifetime = payload.exp - payload.iat;
  if (lifetime <= 0 || lifetime > verifierLimits.accessTokenMaximumSeconds) return refused('claims');
  const { nbf = payload.iat } = payload as { nbf?: unknown };
  if (!isCount(nbf)) return refused('claims');
  return { claims: payload, jti, notBefore: Math.max(payload.iat, nbf as number) };
}

const uuid = new RegExp(uuidPattern);
const isString = (value: unknown) => typeof value === 'string' && value.length > 0;
const isUuid = (value: unknown) => typeof value === 'string' && uuid.test(value);
const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isStrings = (value: unknown) => Array.isArray(value) && value.every(isString);

function isActor(value: unknown, most: number): boolean {
  if (typeof value !== 'object' || value === null || most === 0) return false;
  const { sub, act } = value as { sub?: unknown; act?: unknown };
  return isString(sub) && (act === undefined || isActor(act, most - 1));
}

const claimTypes: { readonly [Claim in keyof AccessTokenClaims]-?: (value: unknown) => boolean } = {
  iss: isString,
  sub: isUuid,
  aud: isString,
  exp: isCount,
  iat: isCount,
  jti: isString,
  sid: isUuid,
  ver: isCount,
  client_id: isString,
  scope: (value) => typeof value === 'string',
  roles: (value) => value === undefined || isStrings(value),
  auth_time: isCount,
  amr: isStrings,
  acr: (value) => value === undefined || isString(value),
  act: (value) => value === undefined || isActor(value, verifierLimits.actors),
  cnf: (value) => value === undefined || isConfirmation(value),
};

const claimTypeRows = Object.entries(claimTypes);

function hasClaimTypes(
  payload: Readonly<Record<string, unknown>>,
): payload is typeof payload & AccessTokenClaims {
  return claimTypeRows.every(([claim, hasType]) => hasType(payload[claim]));
}
