/**
 * Passkeys: WebAuthn credentials (W3C Web Authentication Level 3) that log a user in, alone or after the password. Owns adding,
 * naming, using and removing them. Does not own the session that a passkey opens (`startSession.ts`), or the other factors.
 */
import type { FactorId, UserId } from '@countersign/verifier/ids';

/** All times are milliseconds since the Unix epoch. */
export interface Passkey {
  readonly id: FactorId;
  readonly userId: UserId;
  /** Chosen by the user. */
  readonly name: string;
  /** The host name it was made for: it works nowhere else. */
  readonly rpId: string;
  /** Chosen by the authenticator. */
  readonly credentialId: Uint8Array;
  /** COSE (RFC 9052 §7). */
  readonly publicKey: Uint8Array;
  /** Uses, as the authenticator counts them; always 0 for synchronised passkeys. */
  readonly counter: number;
  /** Hints for the browser: `internal`, `hybrid`, `usb`, … */
  readonly transports: readonly string[];
  /** The authenticator's model: a UUID, all zeros when it does not say. */
  readonly aaguid: string;
  /** `multiDevice`: it can be synchronised. */
  readonly deviceType: 'singleDevice' | 'multiDevice';
  /** Whether it is synchronised. */
  readonly backedUp: boolean;
  readonly createdAt: number;
  readonly lastUsedAt: number | undefined;
}

/** What an authenticator says at a use. */
export interface PasskeyUse {
  readonly counter: number;
  readonly backedUp: boolean;
}

/**
 * `stepped_back`: the counter did not advance, so a copy of the key was used before. `gone`: the passkey was removed meanwhile.
 * Nothing changes in both cases.
 */
export type PasskeyUsed = 'used' | 'stepped_back' | 'gone';

export interface PasskeyStore {
  /** Returns 'taken' without a change when the credential is registered already, by any user. */
  create(passkey: Passkey): Promise<'created' | 'taken'>;
  /** Oldest first. */
  list(userId: UserId): Promise<readonly Passkey[]>;
  findByCredential(credentialId: Uint8Array): Promise<Passkey | undefined>;
  /** One statement: of two uses with the same counter, one is `used`; both are when the authenticator does not count. */
  use(id: FactorId, use: PasskeyUse, now: number): Promise<PasskeyUsed>;
  /** False when the user has no such passkey. */
  rename(userId: UserId, id: FactorId, name: string): Promise<boolean>;
  /** False when the user has no such passkey. */
  remove(userId: UserId, id: FactorId): Promise<boolean>;
  /** Deletes all of the user's. */
  forget(userId: UserId): Promise<void>;
}

/** The rule of `PasskeyStore.use`: an authenticator that counts must count on (WebAuthn §7.2, step 22). */
export function counterAdvances(stored: number, used: number): boolean {
  return used > stored || (used === 0 && stored === 0);
}
