/** The rules for a token of an earlier issuer, beside its signature (RFC 8725 §3). Pure. */
import { createHash } from 'node:crypto';
import { numericDate } from '@countersign/verifier/clock';
import { decodeBase64url } from '@countersign/verifier/encoding';
import { verifierLimits } from '@countersign/verifier/limits';
import { parseStrictObject } from '@countersign/verifier/tokens/strictJson';
import { tokenLimits } from '../limits.ts';
import type { EarlierIssuer } from './earlierIssuer.ts';

export type ForeignFault =
  | 'malformed'
  | 'header'
  | 'unknown_key'
  | 'signature'
  | 'claims'
  /** An ID token, a refresh token, a logout token: anything but an access token. */
  | 'kind'
  /** Bound to a key or certificate, whose proof a bearer does not give. */
  | 'bound'
  | 'audience'
  | 'lifetime'
  | 'expired'
  | 'not_yet_valid'
  /** The setting says that no token of this issuer is accepted any more. */
  | 'ended';

/** What services learn of it. */
export interface EarlierClaims {
  readonly iss: string;
  readonly sub: string;
  readonly aud: string;
  readonly exp: number;
  readonly iat: number;
  readonly jti: string;
  readonly client_id: string;
  readonly scope: string;
}

type Members = Readonly<Record<string, unknown>>;

export interface ForeignParts {
  readonly header: Members;
  readonly payload: Members;
  /** What is signed. */
  readonly signed: string;
}

/** Undefined unless it is a JWS of three parts in strict base64url and JSON. */
export function foreignParts(token: string): ForeignParts | undefined {
  if (token.length > verifierLimits.tokenCharacters) return undefined;
  const parts = token.split('.', 4);
  if (parts.length !== 3) return undefined;
  const [head, body, signature] = parts.map(decodeBase64url);
  if (head === undefined || body === undefined || signature === undefined) return undefined;
  const [header, payload] = [parseStrictObject(head), parseStrictObject(body)];
  if (header === undefined || payload === undefined) return undefined;
  return { header, payload, signed: token.slice(0, token.lastIndexOf('.')) };
}

const types: readonly unknown[] = [undefined, 'jwt', 'at+jwt', 'application/at+jwt'];

export function faultOfHeader(
  { header }: ForeignParts,
  { algorithms }: EarlierIssuer,
): ForeignFault | undefined {
  const { alg, typ, crit, kid } = header;
  const isAllowed = algorithms.some((algorithm) => algorithm === alg) && crit === undefined;
  const isKind = types.includes(typeof typ === 'string' ? typ.toLowerCase() : typ);
  const isKid =
    kid === undefined || (typeof kid === 'string' && kid.length <= tokenLimits.earlierKidCharacters);
  return isAllowed && isKind && isKid ? undefined : 'header';
}

/** Claims that only other kinds of tokens have. */
const ofOthers = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'sub_id'];

/** `now` in milliseconds. The signature was verified. */
export function judgeForeignClaims(
  { payload }: Pick<ForeignParts, 'payload'>,
  issuer: EarlierIssuer,
  now: number,
): EarlierClaims | ForeignFault {
  const { sub, exp, iat, nbf = iat, jti = '' } = payload;
  // Keycloak names the kind of its tokens in this claim.
  const { typ = 'Bearer' } = payload;
  if (payload['iss'] !== issuer.issuer) return 'claims';
  if (!isTime(exp) || !isTime(iat) || !isTime(nbf)) return 'claims';
  if (!isText(sub, tokenLimits.earlierSubjectBytes)) return 'claims';
  if (jti !== '' && !isText(jti, tokenLimits.earlierJtiBytes)) return 'claims';
  if (typ !== 'Bearer' || ofOthers.some((name) => name in payload)) return 'kind';
  if ('cnf' in payload) return 'bound';
  if (!isFor(payload['aud'], issuer.audience)) return 'audience';
  const fault = faultOfTimes({ exp, iat, nbf }, issuer, now);
  if (fault !== undefined) return fault;
  return {
    ...{ iss: issuer.issuer, sub, aud: issuer.audience ?? '', iat, jti: jti as string },
    exp: Math.min(exp, numericDate(issuer.until)),
    client_id: firstText(payload['client_id'], payload['azp']),
    scope: scopeOf(payload),
  };
}

function faultOfTimes(
  { exp, iat, nbf }: { readonly exp: number; readonly iat: number; readonly nbf: number },
  { until }: EarlierIssuer,
  now: number,
): ForeignFault | undefined {
  const seconds = numericDate(now);
  // A revocation is kept for so long, in every node and guard.
  if (exp <= iat || exp - iat > verifierLimits.accessTokenMaximumSeconds) return 'lifetime';
  if (Math.max(iat, nbf) > seconds + verifierLimits.clockSkewSeconds) return 'not_yet_valid';
  if (now >= until) return 'ended';
  return exp <= seconds ? 'expired' : undefined;
}

/**
 * The text by which a token is revoked, also with `external_id`. Without `jti` it is the hash of what is signed: a signature can
 * be written in another way and stay good (ECDSA), which must not make another token.
 */
export function foreignId({ iss, jti }: EarlierClaims, { signed }: ForeignParts): string {
  if (jti !== '') return `${iss} ${jti}`;
  return `sha256:${createHash('sha256').update(signed).digest('base64url')}`;
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isText(value: unknown, bytes: number): value is string {
  return typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= bytes;
}

function isFor(aud: unknown, audience: string | undefined): boolean {
  if (audience === undefined) return aud === undefined;
  return aud === audience || (Array.isArray(aud) && aud.includes(audience));
}

function firstText(...values: readonly unknown[]): string {
  return values.find((value): value is string => typeof value === 'string') ?? '';
}

/** `scope` (RFC 8693 §4.2), or `scp` of others, a text or a list. */
function scopeOf({ scope, scp }: Members): string {
  if (Array.isArray(scp) && scope === undefined)
    return scp.filter((each) => typeof each === 'string').join(' ');
  return firstText(scope, scp);
}
