/** A node's subscribers: with a stream, or with a lease that outlives their stream. */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import { subscriberLimits } from './limits.ts';
import { createMissing } from './missing.ts';
import type { Subscriber } from './subscriber.ts';

export function createRoster(clock: Clock) {
  /** Each with the cancellation of its age limit. */
  const open = new Map<Subscriber, Cancel>();
  const lost = new Set<Subscriber>();
  const missing = createMissing(clock);
  let onEmpty = () => {};

  const remove = (subscriber: Subscriber) => {
    open.get(subscriber)?.();
    open.delete(subscriber);
    if (subscriber.holdsLease()) lost.add(subscriber);
    missing.note(subscriber);
    if (open.size === 0) onEmpty();
  };
  const forgetLost = () => {
    for (const subscriber of lost) if (!subscriber.holdsLease()) lost.delete(subscriber);
  };

  const stopLooking = clock.every(subscriberLimits.subscriberLookMilliseconds, () => {
    forgetLost();
    const now = clock.monotonic();
    for (const subscriber of [...open.keys()]) {
      if (subscriber.ended() !== undefined) remove(subscriber);
      else if (now - subscriber.heardAt() > subscriberLimits.subscriberSilenceMilliseconds)
        subscriber.end('silent');
    }
  });

  return {
    add: (subscriber: Subscriber) => void open.set(subscriber, limitAge(subscriber, clock)),
    remove,
    connected: () => [...open.keys()],
    all: () => [...open.keys(), ...lost],
    isEmpty: () => open.size === 0 && lost.size === 0,
    count: () => open.size,
    list() {
      forgetLost();
      const states = [...open.keys()].map((subscriber) => ({ ...subscriber.state(), isConnected: true }));
      const holding = [...lost].map((subscriber) => ({ ...subscriber.state(), isConnected: false }));
      return [...states, ...holding, ...missing.list([...states, ...holding])];
    },
    leases() {
      forgetLost();
      return lost.size + [...open.keys()].filter((subscriber) => subscriber.holdsLease()).length;
    },
    /** Resolves when no stream is open, or after this time. */
    emptied: (milliseconds: number) =>
      new Promise<void>((resolve) => {
        const cancel = clock.after(milliseconds, resolve);
        onEmpty = () => {
          cancel();
          resolve();
        };
      }),
    endAll(why: 'started_over' | 'reconnect') {
      for (const subscriber of [...open.keys()]) {
        subscriber.end(why);
        remove(subscriber);
      }
    },
    stopLooking,
  };
}

/** Connections must end eventually, so that load balancers and DNS changes take effect. The random age spreads reconnects. */
function limitAge(subscriber: Subscriber, clock: Clock): Cancel {
  const age = subscriberLimits.subscriberStreamMilliseconds * (0.8 + 0.2 * Math.random());
  let cancel = clock.after(age, () => {
    subscriber.askToReconnect('connection_age', subscriberLimits.subscriberDrainMilliseconds);
    cancel = clock.after(subscriberLimits.subscriberDrainMilliseconds, () => subscriber.end('reconnect'));
  });
  return () => cancel();
}
