/** Ids that may be used once: the `jti` of a client assertion (RFC 7523 §3) or a DPoP proof (RFC 9449 §11.1), over all nodes. */
import { createHash } from 'node:crypto';

export interface UsedIdStore {
  /** False when it was used before. Both times in milliseconds since the Unix epoch. */
  use(hash: Uint8Array, expiresAt: number): Promise<boolean>;
  /** Deletes at most `limit` that expired before `now`; returns how many. */
  prune(now: number, limit: number): Promise<number>;
}

/** `parts`: kind, who used it, the id. */
export function usedIdHash(...parts: readonly string[]): Uint8Array {
  return createHash('sha256').update(JSON.stringify(parts)).digest();
}
