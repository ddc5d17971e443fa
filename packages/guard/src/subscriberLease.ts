/** A subscriber's lease. It counts from the request: counted from the answer's arrival, it would be too long. */
import { type Clock, type Moment, momentOf } from '@countersign/verifier/clock';
import type { GrantLease__Output } from '@countersign/verifier/contract/generated/countersign/v1/GrantLease';
import { createLease, type Lease } from '@countersign/verifier/revocation/lease';
import { guardLimits } from './limits.ts';
import { ProtocolFault } from './rpcError.ts';
import { isCount } from './snapshot.ts';

export interface SubscriberLease {
  readonly lease: Lease;
  /** Records that a lease is requested now. Returns the request's number; undefined while too many are unanswered. */
  ask(): number | undefined;
  take(grant: GrantLease__Output): void;
}

export function createSubscriberLease(clock: Clock): SubscriberLease {
  const lease = createLease({ clock, milliseconds: guardLimits.leaseMilliseconds });
  /** Unanswered renewals: number → when sent. */
  const open = new Map<number, Moment>();
  let last = 0;

  const sentAt = (number: number): Moment => {
    const moment = open.get(number);
    if (moment === undefined)
      throw new ProtocolFault('an answer to a renewal that was not sent, or was answered');
    for (const sent of open.keys()) if (sent <= number) open.delete(sent);
    return moment;
  };

  return {
    lease,
    ask() {
      if (open.size >= guardLimits.openRenewals) return undefined;
      last += 1;
      open.set(last, momentOf(clock));
      return last;
    },
    take({ number, leaseMs }) {
      if (!isCount(leaseMs) || leaseMs > guardLimits.leaseMilliseconds)
        throw new ProtocolFault(`a lease of ${leaseMs} ms`);
      const from = sentAt(number);
      // 0 grants nothing now; an earlier grant lasts to its end.
      if (leaseMs > 0) lease.hold(from, leaseMs);
    },
  };
}
