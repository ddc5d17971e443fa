/**
 * How reliably a service's subscribers acknowledge. A logout waits for each lease, so a service that delays others gets no leases
 * for a while, doubled each time. Counted by service, because a new stream is easily opened. `subscriber.ts` judges single
 * streams.
 */
import type { Clock } from '@countersign/verifier/clock';
import { subscriberLimits } from './limits.ts';

export interface Standing {
  /**
   * A logout starts waiting for one of the service's subscribers; returns the function that ends the wait. Waits are judged when
   * they end, each by its own length.
   */
  wait(): () => void;
  /**
   * Whether a subscriber may get a lease now. The first times, older subscribers that were never late keep theirs: one of a
   * service's many processes may have crashed.
   */
  mayHold(subscriber: { readonly openedAt: number; readonly late: boolean }): boolean;
}

export interface Standings {
  of(service: string): Standing;
}

export interface Backoff {
  readonly service: string;
  readonly milliseconds: number;
}

/** On the monotonic clock. */
interface Span {
  readonly from: number;
  readonly to: number;
}

export function createStandings(parts: {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly onBackoff: (backoff: Backoff) => void;
}): Standings {
  const { clock, onBackoff } = parts;
  const standings = new Map<string, Standing>();

  const create = (service: string): Standing => {
    /**
     * Long waits in order, overlapping ones merged. Few: their sum is below `subscriberBehindMilliseconds`, and each exceeds
     * `subscriberSlowMilliseconds`.
     */
    let slow: readonly Span[] = [];
    let backoffs = 0;
    let begunAt = Number.NEGATIVE_INFINITY;
    let until = Number.NEGATIVE_INFINITY;

    const backOff = (now: number) => {
      const doubled = subscriberLimits.subscriberBackoffMilliseconds * 2 ** backoffs;
      const milliseconds = Math.min(doubled, subscriberLimits.subscriberBackoffMaximumMilliseconds);
      backoffs += 1;
      slow = [];
      begunAt = now;
      until = now + milliseconds;
      onBackoff({ service, milliseconds });
    };
    const waited = (from: number, to: number) => {
      // Leases granted before the last backoff do not count again.
      if (to - from < subscriberLimits.subscriberSlowMilliseconds || to < until) return;
      if (
        to - Math.max(until, slow.at(-1)?.to ?? until) >
        subscriberLimits.subscriberBackoffForgottenMilliseconds
      ) {
        backoffs = 0;
        slow = [];
      }
      slow = joined(slow, { from, to });
      const milliseconds = slow.reduce((sum, span) => sum + span.to - span.from, 0);
      if (milliseconds >= subscriberLimits.subscriberBehindMilliseconds) backOff(to);
    };

    return {
      wait() {
        const from = clock.monotonic();
        return () => waited(from, clock.monotonic());
      },
      mayHold: ({ openedAt, late }) =>
        clock.monotonic() >= until ||
        (backoffs <= subscriberLimits.subscriberBackoffsOfSome && openedAt < begunAt && !late),
    };
  };

  return {
    // Bounded by the number of services, which the operator creates.
    of(service) {
      const known = standings.get(service) ?? create(service);
      standings.set(service, known);
      return known;
    },
  };
}

/** Adds a span that ends last. */
function joined(spans: readonly Span[], last: Span): readonly Span[] {
  const before = spans.filter(({ to }) => to < last.from);
  const from = Math.min(last.from, spans[before.length]?.from ?? last.from);
  return [...before, { from, to: last.to }];
}
