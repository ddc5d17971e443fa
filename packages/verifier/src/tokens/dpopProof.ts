/**
 * Proofs that a client holds a key (DPoP, RFC 9449): the one reader, for the authority and for guards. Owns what a proof must be
 * like, and how a token may be sent. Does not own the memory of used proofs and nonces: its callers have it.
 */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { verifierLimits } from '../limits.ts';
import type { TokenScheme } from './bearerToken.ts';
import { type CompactJws, decodeCompact, isSigned } from './compactJws.ts';
import { importPublicJwk, type PublicJwk, thumbprintOf } from './publicKey.ts';
import { normaliseTarget, withoutQuery } from './targetUri.ts';
import { tokenTypes } from './tokenTypes.ts';

/** Why a proof is refused, and what it must be like. */
export const proofFaults = {
  malformed: 'must be one JWT in compact form, signed with ES256',
  header: `must have exactly alg ES256, typ ${tokenTypes.proof} and jwk in its header`,
  key: 'jwk must be a public P-256 key, without private members',
  signature: 'must be signed with the key of its header',
  claims: 'must have jti, htm, htu and iat as RFC 9449 §4.2 has them',
  method: 'htm must be the method of the request',
  url: 'htu must be the address of the request, without query and fragment',
  time: `iat must be within ${verifierLimits.proofSeconds} seconds of now`,
  access_token: 'ath must be the hash of the access token',
  replayed: 'was used before: sign a new one for each request',
} as const;
export type ProofFault = keyof typeof proofFaults;

export interface Proof {
  /** The thumbprint of the key (RFC 7638). */
  readonly jkt: string;
  readonly jti: string;
  /** Not checked here. */
  readonly nonce: string | undefined;
  /** Until when the proof would be accepted again, in milliseconds: its `jti` must be remembered as long. */
  readonly acceptedUntil: number;
}

export type ReadProof =
  | { readonly valid: true; readonly proof: Proof }
  | { readonly valid: false; readonly fault: ProofFault };

export interface ProvenRequest {
  readonly method: string;
  /** Absolute, as the client sees it. A query is ignored. */
  readonly url: string;
  /** Another address of the same resource. */
  readonly alias?: string | undefined;
  /** The token of the request, if there is one. */
  readonly accessToken?: string | undefined;
}

function isOf({ url, alias = url }: ProvenRequest, htu: string): boolean {
  const target = normaliseTarget(htu);
  return target !== undefined && [url, alias].some((each) => normaliseTarget(withoutQuery(each)) === target);
}

/** RFC 9449 §4.3 but for nonce and replay. `text`: the field value; several fields, joined by commas, are no proof. */
export function readProof(text: string, request: ProvenRequest, now: number): ReadProof {
  const jws = text.length > verifierLimits.tokenCharacters ? undefined : decodeCompact(text);
  if (jws === undefined) return refused('malformed');
  if (!isHeader(jws)) return refused('header');
  const key = readKey(jws.header['jwk']);
  if (key === undefined) return refused('key');
  if (!isSigned(jws, key.publicKey)) return refused('signature');
  const { jti, htm, htu, iat, ath, nonce } = jws.payload;
  if (!isId(jti) || !isId(htu) || typeof htm !== 'string' || !Number.isFinite(iat)) return refused('claims');
  if (nonce !== undefined && !isId(nonce)) return refused('claims');
  if (htm !== request.method) return refused('method');
  if (!isOf(request, htu)) return refused('url');
  const seconds = iat as number;
  if (Math.abs(now / 1000 - seconds) > verifierLimits.proofSeconds) return refused('time');
  const { accessToken } = request;
  if (accessToken !== undefined && ath !== hashOf(accessToken)) return refused('access_token');
  const acceptedUntil = Math.ceil((seconds + verifierLimits.proofSeconds) * 1000);
  return { valid: true, proof: { jkt: thumbprintOf(key.jwk), jti, nonce, acceptedUntil } };
}

/**
 * Whether a token may be sent like this: one that is bound to a key with a proof and as `DPoP`, any other as `Bearer` and without
 * (RFC 9449 §7.1, §7.2). A client that proves a key for an unbound token believes it to be bound: a thief may have exchanged it.
 */
export function isSentAsBound(
  isBound: boolean,
  { scheme, hasProof }: { readonly scheme: TokenScheme; readonly hasProof: boolean },
): boolean {
  return isBound ? scheme === 'DPoP' && hasProof : scheme === 'Bearer' && !hasProof;
}

/** The `token_type` of a token (RFC 9449 §5). */
export function tokenType(jkt: string | undefined): TokenScheme {
  return jkt === undefined ? 'Bearer' : 'DPoP';
}

const refused = (fault: ProofFault): ReadProof => ({ valid: false, fault });

function isId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= verifierLimits.proofTextCharacters;
}

/** Exactly these three: another key or `crit` is refused, not ignored. */
function isHeader({ header: { typ, alg, jwk, ...others } }: CompactJws): boolean {
  return typ === tokenTypes.proof && alg === 'ES256' && jwk !== undefined && Object.keys(others).length === 0;
}

/** RFC 7517 §4, and WebCrypto's export. */
const publicMembers = new Set(['kty', 'crv', 'x', 'y', 'alg', 'use', 'kid', 'key_ops', 'ext']);

/** Undefined for another kind of key, one with a private member, and a point that is not on the curve. */
function readKey(given: unknown): { readonly jwk: PublicJwk; readonly publicKey: KeyObject } | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  if (!Object.keys(given).every((member) => publicMembers.has(member))) return undefined;
  try {
    const jwk = importPublicJwk(given);
    return { jwk, publicKey: createPublicKey({ key: { ...jwk }, format: 'jwk' }) };
  } catch {
    return undefined;
  }
}

/** RFC 9449 §4.2. */
function hashOf(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest('base64url');
}
