/** Positions that a subscriber has acknowledged, how long it has been behind, and the operations that wait for it. */
import type { Clock } from '@countersign/verifier/clock';
import { invalidField } from '@countersign/verifier/errors';
import { subscriberLimits } from './limits.ts';
import type { SubscriberOutcome } from './subscriber.ts';

interface Waiter {
  readonly position: number;
  readonly settle: (outcome: SubscriberOutcome) => void;
}

/** `start`: the snapshot's position. */
export function createAcknowledgements(clock: Clock, start: number) {
  const behind = createBehind();
  const waiters = new Set<Waiter>();
  let sent = start;
  let acknowledged = start;

  const settle = (outcome: SubscriberOutcome, upTo: number) => {
    for (const waiter of [...waiters]) if (waiter.position <= upTo) waiter.settle(outcome);
  };

  return {
    queued: (position: number) => behind.queued(position, clock.monotonic()),
    /** The message left the queue. */
    sent(position: number) {
      sent = position;
    },
    /** False when already acknowledged. Throws `invalid_request` for a position not sent. */
    acknowledge(position: number): boolean {
      if (!Number.isSafeInteger(position) || position > sent)
        throw invalidField('acknowledge.position', 'sent', 'must be a position that was sent');
      if (position <= acknowledged) return false;
      acknowledged = position;
      behind.acknowledged(position);
      settle('acknowledged', position);
      return true;
    },
    has: (position: number) => acknowledged >= position,
    /** When the oldest missing position was queued; `now` when none is missing. */
    behindSince: behind.since,
    /** Resolves when the position is acknowledged, the subscriber has left, or `leaseMs` have passed. */
    wait(position: number, leaseMs: number, onSettled: () => void): Promise<SubscriberOutcome> {
      return new Promise((resolve) => {
        const cancel = clock.after(leaseMs, () => waiter.settle('lease_expired'));
        const waiter: Waiter = {
          position,
          settle(outcome) {
            cancel();
            waiters.delete(waiter);
            onSettled();
            resolve(outcome);
          },
        };
        waiters.add(waiter);
      });
    },
    leave: () => settle('left', Number.POSITIVE_INFINITY),
  };
}

/** Tracks since when the oldest unacknowledged position has been missing. */
function createBehind() {
  /** When positions from `from` on were queued. Coarse, so that a stream has few marks. */
  const marks: { readonly from: number; readonly at: number }[] = [];
  let last = Number.NEGATIVE_INFINITY;
  return {
    queued(position: number, now: number) {
      last = position;
      const mark = marks.at(-1);
      if (mark !== undefined && now - mark.at < subscriberLimits.subscriberBehindMilliseconds / 8) return;
      marks.push({ from: position, at: now });
    },
    acknowledged(position: number) {
      if (position >= last) marks.length = 0;
      // The first mark covers the oldest missing position.
      while ((marks[1]?.from ?? Number.POSITIVE_INFINITY) <= position + 1) marks.shift();
    },
    since: (now: number) => marks[0]?.at ?? now,
  };
}
