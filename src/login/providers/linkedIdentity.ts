/** Identities at other providers, each linked with one user. */
import type { FactorId, UserId } from '@countersign/verifier/ids';

/**
 * Who somebody is at a provider: the issuer, and the name that the issuer never gives to anybody else. Never an e-mail, which
 * changes its owner.
 */
export interface IdentityKey {
  readonly issuer: string;
  readonly subject: string;
}

/** All times are milliseconds since the Unix epoch. */
export interface LinkedIdentity extends IdentityKey {
  readonly id: FactorId;
  readonly userId: UserId;
  /** The name of the provider in the settings. */
  readonly provider: string;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

export interface LinkedIdentityStore {
  /** Returns 'taken' without a change when the identity is linked already, with any user. */
  create(identity: LinkedIdentity): Promise<'created' | 'taken'>;
  find(key: IdentityKey): Promise<LinkedIdentity | undefined>;
  /** Oldest first. */
  list(userId: UserId): Promise<readonly LinkedIdentity[]>;
  /** Notes a use. False when it was unlinked meanwhile. */
  use(id: FactorId, now: number): Promise<boolean>;
  /** False when the user has no such identity. */
  remove(userId: UserId, id: FactorId): Promise<boolean>;
  /** Deletes all of the user's. */
  forget(userId: UserId): Promise<void>;
}
