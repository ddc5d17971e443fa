/** For operators: subscribers that went without a word, and have not come back, for a while. */
import type { Clock } from '@countersign/verifier/clock';
import { subscriberLimits } from './limits.ts';
import type { Subscriber, SubscriberState } from './subscriber.ts';

export function createMissing(clock: Pick<Clock, 'monotonic'>) {
  const gone = new Map<string, Omit<SubscriberState, 'isConnected'> & { readonly at: number }>();
  const keyOf = ({ service, name }: Pick<SubscriberState, 'service' | 'name'>) => `${service} ${name}`;
  return {
    note(subscriber: Pick<Subscriber, 'ended' | 'state'>) {
      const why = subscriber.ended() ?? 'left';
      if (!['disconnected', 'silent', 'too_slow'].includes(why)) return;
      const state = subscriber.state();
      gone.delete(keyOf(state));
      gone.set(keyOf(state), { ...state, at: clock.monotonic() });
      const [oldest] = gone.keys();
      if (gone.size > subscriberLimits.subscribersPerNode && oldest !== undefined) gone.delete(oldest);
    },
    /** Without those that are known. */
    list(known: readonly SubscriberState[]): readonly SubscriberState[] {
      const now = clock.monotonic();
      const back = new Set(known.map(keyOf));
      for (const [key, { at }] of gone)
        if (back.has(key) || now - at > subscriberLimits.subscriberMissingMilliseconds) gone.delete(key);
      return [...gone.values()].map(({ at, ...state }) => ({
        ...{ ...state, isConnected: false, leaseRemainingMs: 0 },
        silentMs: state.silentMs + now - at,
      }));
    },
  };
}
