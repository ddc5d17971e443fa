/** What a subscriber is sent, in order: a snapshot, then whatever is new. The wire form is in proto/countersign/v1. */
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { Revocation } from '@countersign/verifier/revocation/revocation';

/** The public keys that subscribers verify with. */
export interface PublicKeys {
  /** A JWK Set (RFC 7517 §5). */
  readonly jwks: string;
  /** Since this node looked at the keys. */
  readonly ageMs: number;
}

/** New revocations; positions grow, on all streams of a node alike. One may stand for several that were joined. */
export interface FeedRevocations {
  readonly kind: 'revocations';
  readonly position: number;
  readonly revocations: readonly Revocation[];
  /** Whether they are known to be committed. If not, a subscriber that finds one asks before it says "revoked". */
  readonly committed: boolean;
}

export type ReconnectReason = 'draining' | 'connection_age';

export type FeedMessage =
  /** The filters of one slice. Their bytes are those of memory: bits that are set while they are read do no harm. */
  | { readonly kind: 'slice'; readonly slice: ProjectedSlice }
  /** Everything up to this position was in the snapshot. */
  | { readonly kind: 'snapshot_end'; readonly position: number }
  | FeedRevocations
  | ({ readonly kind: 'keys' } & PublicKeys)
  /** Answers a renewal: good from the moment at which the subscriber asked. 0: there is none. */
  | { readonly kind: 'lease'; readonly number: number; readonly leaseMs: number }
  /** The subscriber should open another stream, and leave this one. */
  | { readonly kind: 'reconnect'; readonly reason: ReconnectReason; readonly graceMs: number };

/** Why a stream ended. */
export type FeedEnd =
  /** The subscriber gave its lease back. */
  | 'left'
  /** The connection is gone; the subscriber may not be, and goes on until its lease ends. */
  | 'disconnected'
  /** More was waiting for the subscriber than is kept. */
  | 'too_slow'
  /** The subscriber did not renew, for so long that it is taken for dead. */
  | 'silent'
  /** This node loaded its memory anew; what the subscriber has is of the time before. */
  | 'started_over'
  /** The grace of a `reconnect` is over. */
  | 'reconnect';
