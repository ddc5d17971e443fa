/** Service tokens authenticate a service on the gRPC interface. */
import { createHash, randomBytes } from 'node:crypto';
import { decodeBase64url, encodeBase64url } from '@countersign/verifier/encoding';

const prefix = 'st_';
const randomByteCount = 32;
const shape = /^st_[A-Za-z0-9_-]{43}$/;

/** `st_` + base64url of 32 random bytes: 46 characters. Shown once; only its hash is stored. */
export function newServiceToken(): string {
  return prefix + encodeBase64url(randomBytes(randomByteCount));
}

/**
 * The SHA-256 of the whole token, its key in the store; `undefined` for a malformed token, so that it costs no look-up. A fast
 * hash is right: 256 random bits cannot be guessed at any speed, and a slow hash would cost every call.
 */
export function serviceTokenHash(token: string): Buffer | undefined {
  if (!shape.test(token) || decodeBase64url(token.slice(prefix.length)) === undefined) return undefined;
  return createHash('sha256').update(token).digest();
}
