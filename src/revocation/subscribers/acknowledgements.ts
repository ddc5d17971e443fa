/** Which positions a subscriber has acknowledged, since when it is behind, and who waits for it. */
import type { Clock } from '@countersign/verifier/clock';
import { invalidField } from '@countersign/verifier/errors';
import { subscriberLimits } from './limits.ts';
import type { SubscriberOutcome } from './subscriber.ts';

interface Waiter {
  readonly position: number;
  readonly settle: (outcome: SubscriberOutcome) => void;
}

/** `start`: the position of the snapshot. */
export function createAcknowledgements(clock: Clock, start: number) {
  const behind = createBehind();
  const waiters = new Set<Waiter>();
  let sent = start;
  let acknowledged = start;

  const settle = (outcome: SubscriberOutcome, upTo: number) => {
    for (const waiter of [...waiters]) if (waiter.position <= upTo) waiter.settle(outcome);
  };

  return {
    /** A message with this position was queued. */
    queued: (position: number) => behind.queued(position, clock.monotonic()),
    /** The message was taken from the queue. */
    sent(position: number) {
      sent = position;
    },
    /** False when this was acknowledged before. Throws `invalid_request` for a position that was not sent. */
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
    /** Since when a position has been missing; `now` when none is. */
    behindSince: behind.since,
    /** Resolves when this position is acknowledged, when the subscriber has left, or after `leaseMs`. */
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

/** Since when a subscriber has not acknowledged the oldest position that it lacks. */
function createBehind() {
  /** When the positions from `from` on were queued. Coarse, so that there are few marks in the life of a stream. */
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
      // The first mark stands for the oldest position that is missing.
      while ((marks[1]?.from ?? Number.POSITIVE_INFINITY) <= position + 1) marks.shift();
    },
    /** `now` when nothing is missing. */
    since: (now: number) => marks[0]?.at ?? now,
  };
}
