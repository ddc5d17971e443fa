/**
 * How well the subscribers of a service acknowledge. A logout waits for each lease, so whoever makes others wait gets none for a while,
 * and each time for twice as long: counted by service, since a new stream is easily opened. What a single stream does is judged in
 * `subscriber.ts`.
 */
import type { Clock } from '@countersign/verifier/clock';
import { subscriberLimits } from './limits.ts';

export interface Standing {
  /** Somebody begins to wait for a subscriber of the service; answers what ends that. Each is judged by its own length when it ends. */
  wait(): () => void;
  /**
   * Whether a subscriber may get a lease now. For the first times, those that have never been late and were there before go on: a service
   * has many processes, and one of them has crashed.
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
     * When there were long waits, in order; those at the same time are one. Few: together they are shorter than
     * `subscriberBehindMilliseconds`, and each is longer than `subscriberSlowMilliseconds`.
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
      // What was granted before the last time is no new offence.
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
    // As many as there are services, which an operator makes.
    of(service) {
      const known = standings.get(service) ?? create(service);
      standings.set(service, known);
      return known;
    },
  };
}

/** With one more, which ends last. */
function joined(spans: readonly Span[], last: Span): readonly Span[] {
  const before = spans.filter(({ to }) => to < last.from);
  const from = Math.min(last.from, spans[before.length]?.from ?? last.from);
  return [...before, { from, to: last.to }];
}
