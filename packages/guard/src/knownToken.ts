/** A cached token: its signature was verified and its claims strictly read. */
import { type Buckets, bucketOf } from '@countersign/verifier/revocation/additions';
import type { ReadToken } from '@countersign/verifier/tokens/accessTokenReader';
import { type AccessTokenClaims, ownClaims } from './claims.ts';
import type { Mirror } from './mirror.ts';
import type { KeySet } from './subscriberKeys.ts';

export interface KnownToken {
  readonly text: string;
  readonly claims: AccessTokenClaims;
  readonly expiresAt: number;
  /** Created once, so that a repeated token allocates no promise. */
  readonly accepted: Promise<AccessTokenClaims>;
  readonly subjects: readonly Uint8Array[];
  /** Of the subjects. */
  readonly buckets: Buckets;
  readonly issuedAt: number;
  readonly keySubject: Uint8Array;
  /** The last key set that contained the token's key. */
  keys: KeySet;
  /**
   * The mirror whose memory did not have the token in this version: never what the authority answered. Only its identity: a reference would keep large filters
   * alive.
   */
  mirror: Mirror['identity'] | undefined;
  version: number;
}

export function knownToken(
  text: string,
  { claims: read, jti, keySubject }: Extract<ReadToken, { valid: true }>,
  keys: KeySet,
): KnownToken {
  const claims = ownClaims(read);
  const subjects = [...jti.subjects, keySubject];
  return {
    text,
    claims,
    expiresAt: claims.exp * 1000,
    accepted: Promise.resolve(claims),
    subjects,
    buckets: subjects.map(bucketOf),
    issuedAt: jti.issuedAt,
    keySubject,
    keys,
    mirror: undefined,
    version: 0,
  };
}

/** Whether its key is in this set; a key is the same object in every set. */
export function isSignedBy(known: KnownToken, keys: KeySet): boolean {
  for (const { subject } of keys.values()) {
    if (subject !== known.keySubject) continue;
    known.keys = keys;
    return true;
  }
  return false;
}
