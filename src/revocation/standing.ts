/**
 * How well the edges of a service acknowledge. A logout waits for each lease, so whoever makes others wait gets none for a while,
 * and each time for twice as long: counted by service, since a new stream is easily opened. What a single stream does is judged in
 * `edge.ts`.
 */
import type { Clock } from '../core/clock.ts';
import { limits } from '../core/limits.ts';

export interface Standing {
  /** Somebody begins to wait for an edge of the service; answers what ends that. Those who wait at the same time are one. */
  wait(): () => void;
  /**
   * Whether an edge may get a lease now. For the first times, those that have never been late and were there before go on: a service
   * has many processes, and one of them has crashed.
   */
  mayHold(edge: { readonly openedAt: number; readonly late: boolean }): boolean;
}

export interface Standings {
  of(service: string): Standing;
}

export interface Backoff {
  readonly service: string;
  readonly milliseconds: number;
}

export function createStandings(parts: {
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly onBackoff: (backoff: Backoff) => void;
}): Standings {
  const { clock, onBackoff } = parts;
  const standings = new Map<string, Standing>();

  const create = (service: string): Standing => {
    let waiting = 0;
    let waitingSince = 0;
    /** Of waits that were long. */
    let waitedMs = 0;
    let backoffs = 0;
    let begunAt = Number.NEGATIVE_INFINITY;
    let until = Number.NEGATIVE_INFINITY;
    let lastLongAt = Number.NEGATIVE_INFINITY;

    const backOff = (now: number) => {
      const doubled = limits.edgeBackoffMilliseconds * 2 ** backoffs;
      const milliseconds = Math.min(doubled, limits.edgeBackoffMaximumMilliseconds);
      backoffs += 1;
      waitedMs = 0;
      begunAt = now;
      until = now + milliseconds;
      onBackoff({ service, milliseconds });
    };
    const waited = (now: number) => {
      const milliseconds = now - waitingSince;
      // What was granted before the last time is no new offence.
      if (milliseconds < limits.edgeSlowMilliseconds || now < until) return;
      if (now - Math.max(until, lastLongAt) > limits.edgeBackoffForgottenMilliseconds) {
        backoffs = 0;
        waitedMs = 0;
      }
      lastLongAt = now;
      waitedMs += milliseconds;
      if (waitedMs >= limits.edgeBehindMilliseconds) backOff(now);
    };

    return {
      wait() {
        if (waiting === 0) waitingSince = clock.monotonic();
        waiting += 1;
        return () => {
          waiting -= 1;
          if (waiting === 0) waited(clock.monotonic());
        };
      },
      mayHold: ({ openedAt, late }) =>
        clock.monotonic() >= until || (backoffs <= limits.edgeBackoffsOfSome && openedAt < begunAt && !late),
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
