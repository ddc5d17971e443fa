/** The serving stream, whose mirror counts: from its first lease until another stream has one, or its own has ended. */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import { guardLimits } from './limits.ts';
import type { Mirror } from './mirror.ts';
import type { StreamEnd, SubscriberStream } from './stream.ts';

/**
 * - `well`: no other stream is needed.
 * - `moving`: it asked to be replaced.
 * - `leaseless`: its node has no lease to give. It is kept, with everything else, while other nodes are tried.
 * - `ended`: its lease may still last.
 */
type ServingState = 'well' | 'moving' | 'leaseless' | 'ended';

interface Current {
  readonly stream: SubscriberStream;
  /** On the monotonic clock. */
  readonly since: number;
  state: ServingState;
}

export function createServing(clock: Clock) {
  let current: Current | undefined;
  let cancelForgetting: Cancel = () => {};

  const set = (next: Current | undefined): SubscriberStream | undefined => {
    const before = current?.stream;
    current = next;
    return before;
  };

  return {
    stream: () => current?.stream,
    /** Undefined while there is no such stream. */
    state: () => current?.state,
    /** Puts this stream in the place of another one, which is returned. */
    replace: (stream: SubscriberStream, state: 'well' | 'leaseless') =>
      set({ stream, state, since: clock.monotonic() }),
    become(state: ServingState) {
      if (current !== undefined) current.state = state;
    },
    /** The stream has ended. It is kept until its lease ends. Returns whether it had served for long. */
    end(kind: StreamEnd['kind']): boolean {
      if (current === undefined) return false;
      const ended = current;
      const hasSettled =
        ended.state !== 'leaseless' && clock.monotonic() - ended.since >= guardLimits.settledMilliseconds;
      ended.state = 'ended';
      const forget = () => {
        if (current === ended) current = undefined;
      };
      // After a protocol violation the lease is not trusted.
      const leaseMs = kind === 'protocol' ? 0 : (ended.stream.mirror()?.lease.remainingMs() ?? 0);
      cancelForgetting();
      if (leaseMs > 0) cancelForgetting = clock.after(leaseMs, forget);
      else forget();
      return hasSettled;
    },
    /** The mirror to verify with. `coming`: that of a stream without a lease so far. */
    mirror(coming: Mirror | undefined): Mirror | undefined {
      const own = current?.stream.mirror();
      return current?.state === 'well' ? own : better(own, coming);
    },
    /** Returns the stream that was there. */
    clear() {
      cancelForgetting();
      return set(undefined);
    },
  };
}

/** The mirror with a lease; without one, that with the newer keys. */
function better(old: Mirror | undefined, coming: Mirror | undefined): Mirror | undefined {
  if (old === undefined || coming === undefined || old.holdsLease()) return old ?? coming;
  return coming.keys.ageMs() <= old.keys.ageMs() ? coming : old;
}
