/**
 * The public half of a signing key: enough for verifiers, and no code that could create or open a key, so the SDK needs none of
 * the authority's libraries.
 */
import { createHash, type KeyObject } from 'node:crypto';
import { decodeBase64url } from '../encoding.ts';
import { hashedSubject } from '../subject.ts';

/** The public half as a JWK (RFC 7517): exactly the identifying members, coordinates of 43 characters. */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

const thumbprint = /^[A-Za-z0-9_-]{43}$/;

/** RFC 7638 with SHA-256. */
export function isThumbprint(text: string): boolean {
  return thumbprint.test(text);
}

/** Our `kid` is the key's thumbprint. */
export const isKid = isThumbprint;

/** RFC 7638 §3: the required members in this order. */
export function thumbprintOf({ crv, kty, x, y }: PublicJwk): string {
  return createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url');
}

/** The key's deny-list subject. */
export function keySubject(kid: string): Uint8Array {
  return hashedSubject('countersign signing key', kid);
}

/** Checks a JWK and reduces it to the four members above (drops a private member); throws for any other kind of key. */
export function importPublicJwk(jwk: unknown): PublicJwk {
  const { kty, crv, x, y } = jwk as Record<string, unknown>;
  if (kty !== 'EC' || crv !== 'P-256' || !isCoordinate(x) || !isCoordinate(y)) {
    throw new TypeError('not a public P-256 key in JWK form');
  }
  return { kty, crv, x, y };
}

/** RFC 7518 §6.2.1.2: all 32 bytes, with leading zeros. */
function isCoordinate(value: unknown): value is string {
  return typeof value === 'string' && decodeBase64url(value)?.length === 32;
}

/** The key that verifies a signature, and its deny-list subject. */
export interface Verifier {
  readonly publicKey: KeyObject;
  readonly subject: Uint8Array;
}
