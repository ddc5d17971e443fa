/**
 * The public half of a signing key: what verifiers need, and nothing by which a key could be made or opened.
 * So the SDK can have it without the authority's libraries.
 */
import type { KeyObject } from 'node:crypto';
import { decodeBase64url } from '../encoding.ts';
import { hashedSubject } from '../subject.ts';

/** The public half as a JWK (RFC 7517): exactly the members that identify it, coordinates of 43 characters. */
export interface PublicJwk {
  readonly kty: 'EC';
  readonly crv: 'P-256';
  readonly x: string;
  readonly y: string;
}

/** A `kid` of ours: RFC 7638, of SHA-256. */
const thumbprint = /^[A-Za-z0-9_-]{43}$/;

export function isKid(text: string): boolean {
  return thumbprint.test(text);
}

/** The key's own subject on the deny-list. */
export function keySubject(kid: string): Uint8Array {
  return hashedSubject('countersign signing key', kid);
}

/** Checks and narrows a JWK to the four members above (a private member is left behind); throws on any other kind of key. */
export function importPublicJwk(jwk: unknown): PublicJwk {
  const { kty, crv, x, y } = jwk as Record<string, unknown>;
  if (kty !== 'EC' || crv !== 'P-256' || !isCoordinate(x) || !isCoordinate(y)) {
    throw new TypeError('not a public P-256 key in JWK form');
  }
  return { kty, crv, x, y };
}

/** RFC 7518 §6.2.1.2: the full 32 bytes, leading zeros included. */
function isCoordinate(value: unknown): value is string {
  return typeof value === 'string' && decodeBase64url(value)?.length === 32;
}

/** By which a signature is verified, and under which the key itself may be on the deny-list. */
export interface Verifier {
  readonly publicKey: KeyObject;
  readonly subject: Uint8Array;
}
