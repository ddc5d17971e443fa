/** What a guard remembers of a token after it has verified the signature and read the claims strictly. */
import type { ReadToken } from '@countersign/verifier/tokens/accessTokenReader';
import { type AccessTokenClaims, ownClaims } from './claims.ts';
import type { Mirror } from './mirror.ts';
import type { KeySet } from './subscriberKeys.ts';

export interface KnownToken {
  readonly text: string;
  readonly claims: AccessTokenClaims;
  readonly expiresAt: number;
  /** Made once, so that a repeated token costs no new promise. */
  readonly accepted: Promise<AccessTokenClaims>;
  readonly subjects: readonly Uint8Array[];
  readonly issuedAt: number;
  readonly keySubject: Uint8Array;
  /** The set in which the key of the token was last found. */
  keys: KeySet;
  /** In this version, the deny-list of this mirror did not have the token. Not the mirror itself: its filters are large. */
  mirror: Mirror['identity'] | undefined;
  version: number;
}

export function knownToken(
  text: string,
  { claims: read, jti, keySubject }: Extract<ReadToken, { valid: true }>,
  keys: KeySet,
): KnownToken {
  const claims = ownClaims(read);
  return {
    text,
    claims,
    expiresAt: claims.exp * 1000,
    accepted: Promise.resolve(claims),
    subjects: [...jti.subjects, keySubject],
    issuedAt: jti.issuedAt,
    keySubject,
    keys,
    mirror: undefined,
    version: 0,
  };
}

/** Whether the key that signed it is among these; one key is the same object in every set. */
export function isSignedBy(known: KnownToken, keys: KeySet): boolean {
  for (const { subject } of keys.values()) {
    if (subject !== known.keySubject) continue;
    known.keys = keys;
    return true;
  }
  return false;
}
