/** The lease that a node has granted to a subscriber. It is never longer than the lease of the node. */
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
  /** Whether a logout has ever waited long for this subscriber. */
  let late = false;

  return {
    /** Throws `invalid_request` for a number that does not grow. */
    checkNumber(number: number) {
      // A number that is not exact would be sent back as another one.
      if (!Number.isSafeInteger(number) || number <= renewal)
        throw invalidField('renew.number', 'grows', 'must be greater than the one before, and below 2^53');
      renewal = number;
    },
    /**
     * Grants a lease to a subscriber that has the snapshot and has been behind since `behindSince`. Returns its milliseconds; 0 for
     * none. A subscriber that does not acknowledge gets no further lease, so logouts wait for it once and not each time.
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
    /** A logout waits for the subscriber. Returns what to call when it does no longer. */
    beginWait(now: number): () => void {
      const waited = standing.wait();
      return () => {
        late ||= clock.monotonic() - now >= subscriberLimits.subscriberSlowMilliseconds;
        waited();
      };
    },
  };
}
