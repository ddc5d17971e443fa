/** A JWS in compact form (RFC 7515 §7.1), read strictly, with an ES256 signature. */
import { type KeyObject, verify } from 'node:crypto';
import { decodeBase64url } from '../encoding.ts';
import { parseStrictObject } from './strictJson.ts';

export interface CompactJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly signature: Buffer;
  readonly signingInput: string;
}

/** Exactly three parts. An ES256 signature always has 64 bytes (RFC 7518 §3.4). */
export function decodeCompact(token: string): CompactJws | undefined {
  const parts = token.split('.', 4);
  if (parts.length !== 3) return undefined;
  const [headerBytes, payloadBytes, signature] = parts.map(decodeBase64url);
  if (headerBytes === undefined || payloadBytes === undefined || signature?.length !== 64) return undefined;
  const header = parseStrictObject(headerBytes);
  const payload = parseStrictObject(payloadBytes);
  if (header === undefined || payload === undefined) return undefined;
  return { header, payload, signature, signingInput: token.slice(0, token.lastIndexOf('.')) };
}

export function isSigned(
  { signingInput, signature }: Pick<CompactJws, 'signingInput' | 'signature'>,
  key: KeyObject,
): boolean {
  return verify('sha256', Buffer.from(signingInput), { key, dsaEncoding: 'ieee-p1363' }, signature);
}
