/** A subscriber's lease from this node. It never outlives the node's own lease. */
import type { Clock } from '@countersign/verifier/clock';
import { invalidField } from '@countersign/verifier/errors';
import type { Lease } from '@countersign/verifier/revocation/lease';
import { propagationLimits } from '../propagation/limits.ts';
import { subscriberLimits } from './limits.ts';
import type { Standing } from './standing.ts';

export function createGrantedLease(parts: {
  readonly nodeLease: Pick<Lease, 'remainingMs'>;
  readonly standing: Standing;
  readonly clock: Clock;
}) {
  const { nodeLease, standing, clock } = parts;
  const openedAt = clock.monotonic();
  let renewal = 0;
  let endsAt = Number.NEGATIVE_INFINITY;
  /** True once a logout waited long for this subscriber. */
  let late = false;

  return {
    /** Throws `invalid_request` unless the number increases. */
    checkNumber(number: number) {
      // An inexact number would be returned changed.
      if (!Number.isSafeInteger(number) || number <= renewal)
        throw invalidField('renew.number', 'grows', 'must be greater than the previous one, and below 2^53');
      renewal = number;
    },
    /**
     * Grants a lease to a subscriber that has the snapshot and has been behind since `behindSince`. Returns milliseconds; 0 for
     * none. A subscriber that does not acknowledge gets no further lease, so that logouts wait for it only once.
     */
    grant(
      now: number,
      { snapshotSent, behindSince }: { snapshotSent: boolean; behindSince: number },
    ): number {
      const keepsUp = snapshotSent && now - behindSince < subscriberLimits.subscriberBehindMilliseconds;
      if (!keepsUp || !standing.mayHold({ openedAt, late })) return 0;
      const leaseMs = Math.floor(nodeLease.remainingMs());
      if (leaseMs > 0) endsAt = Math.max(endsAt, now + leaseMs + propagationLimits.leaseMarginMilliseconds);
      return leaseMs;
    },
    remainingMs: (now: number) => endsAt - now,
    drop() {
      endsAt = Number.NEGATIVE_INFINITY;
    },
    /** A logout starts waiting for the subscriber. Returns the function that ends the wait. */
    beginWait(now: number): () => void {
      const waited = standing.wait();
      return () => {
        late ||= clock.monotonic() - now >= subscriberLimits.subscriberSlowMilliseconds;
        waited();
      };
    },
  };
}
