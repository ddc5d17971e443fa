/** Names that only this authority can make: who reads a store finds neither addresses in it nor a way to try some. */
import { createHmac, hkdfSync } from 'node:crypto';

/** Of the parts, in this order. Two lists of parts never have one hash, whatever is in them. 32 bytes. */
export type KeyedHash = (...parts: readonly string[]) => Buffer;

const keyBytes = 32;

/** HMAC-SHA-256 with a key that is derived (RFC 5869) from `key` for this `purpose` and no other. */
export function createKeyedHash(key: Uint8Array, purpose: string): KeyedHash {
  const derived = Buffer.from(hkdfSync('sha256', key, '', `countersign/${purpose}`, keyBytes));
  return (...parts) => createHmac('sha256', derived).update(JSON.stringify(parts)).digest();
}
