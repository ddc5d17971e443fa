/** A subscriber's feed, in order: a snapshot, then new revocations. The wire form is in proto/countersign/v1. */
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { Revocation } from '@countersign/verifier/revocation/revocation';

/** The public keys subscribers verify with. */
export interface PublicKeys {
  /** A JWK Set (RFC 7517 §5). */
  readonly jwks: string;
  /** Since this node last read the keys. */
  readonly ageMs: number;
}

/** New revocations; positions increase across all streams of a node. One message may join several. */
export interface FeedRevocations {
  readonly kind: 'revocations';
  readonly position: number;
  readonly revocations: readonly Revocation[];
  /** False when the commit is not certain: a subscriber must then ask before it says "revoked". */
  readonly committed: boolean;
}

export type ReconnectReason = 'draining' | 'connection_age';

export type FeedMessage =
  /** One slice's filters, in shared memory: bits set while they are read do no harm. */
  | { readonly kind: 'slice'; readonly slice: ProjectedSlice }
  /** The snapshot had everything up to this position. */
  | { readonly kind: 'snapshot_end'; readonly position: number }
  | FeedRevocations
  | ({ readonly kind: 'keys' } & PublicKeys)
  /** Answers a renewal: the lease runs from the subscriber's request. 0: no lease. */
  | { readonly kind: 'lease'; readonly number: number; readonly leaseMs: number }
  /** Asks the subscriber to open another stream and leave this one. */
  | { readonly kind: 'reconnect'; readonly reason: ReconnectReason; readonly graceMs: number };

/** Why a stream ended. */
export type FeedEnd =
  /** The subscriber gave its lease back. */
  | 'left'
  /** The connection broke; the subscriber may go on until its lease ends. */
  | 'disconnected'
  /** The subscriber's queue overflowed. */
  | 'too_slow'
  /** The subscriber did not renew for so long that it counts as dead. */
  | 'silent'
  /** This node reloaded its memory; the subscriber's copy is from before. */
  | 'started_over'
  /** The grace period after `reconnect` is over. */
  | 'reconnect';
