import type { UserId } from '@countersign/verifier/ids';

export interface RecoveryCodeStore {
  /** Replaces the user's set: no code of an earlier one is good any more. The caller holds the user row's lock. */
  replace(userId: UserId, hashes: readonly Uint8Array[], now: number): Promise<void>;
  /** Whether this code is unused. */
  has(userId: UserId, hash: Uint8Array): Promise<boolean>;
  /** Uses a code: of several callers, one gets true. */
  use(userId: UserId, hash: Uint8Array, now: number): Promise<boolean>;
  /** Unused codes. */
  left(userId: UserId): Promise<number>;
  forget(userId: UserId): Promise<void>;
}
