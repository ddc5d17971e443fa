/** Keyed hashes as names: a reader of the store finds no addresses, and cannot test guesses. */
import { createHmac, hkdfSync } from 'node:crypto';

/** Hashes the parts in order. Different lists of parts never collide, whatever they contain. 32 bytes. */
export type KeyedHash = (...parts: readonly string[]) => Buffer;

const keyBytes = 32;

/** HMAC-SHA-256 with a key derived (RFC 5869) from `key` for this `purpose` only. */
export function createKeyedHash(key: Uint8Array, purpose: string): KeyedHash {
  const derived = derivedKey(key, purpose);
  return (...parts) => createHmac('sha256', derived).update(JSON.stringify(parts)).digest();
}

/** A key for this purpose only (RFC 5869); 32 bytes. */
export function derivedKey(key: Uint8Array, purpose: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, '', `countersign/${purpose}`, keyBytes));
}
