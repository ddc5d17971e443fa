/**
 * The subscribers of this node. What its deny-list takes in, every subscriber is sent; and whoever must know that a revocation is in
 * effect waits until every subscriber has said so, or holds no lease any more (docs/effect.md).
 */

import type { Cancel, Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import { subjectKey } from '@countersign/verifier/revocation/confirmation';
import type { DenyListListener } from '@countersign/verifier/revocation/denyList';
import type { KnownMark } from '@countersign/verifier/revocation/issuedBefore';
import type { Lease } from '@countersign/verifier/revocation/lease';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { Revocation } from '@countersign/verifier/revocation/revocation';
import { LRUCache } from 'lru-cache';
import type { FeedRevocations, PublicKeys } from './feed.ts';
import { subscriberLimits } from './limits.ts';
import { type Backoff, createStandings } from './standing.ts';
import {
  createSubscriber,
  type Subscriber,
  type SubscriberOutcome,
  type SubscriberStream,
} from './subscriber.ts';

export interface Subscribers extends DenyListListener {
  /**
   * Undefined when every subscriber knows what has been added until now, or holds no lease; else resolves when that is so: after
   * one lease at the latest. Nobody may be told of an effect before.
   */
  caughtUp(): Promise<void> | undefined;
  /** Rejects with `unavailable` while memory is being loaded or the node stops. How many there may be: see `subscriberPlaces.ts`. */
  open(keys: () => PublicKeys | undefined, service: string): Promise<SubscriberStream>;
  /** Subscribers that are connected. */
  connected(): number;
  /** Subscribers that may answer from memory, those included whose connection is lost. */
  leases(): number;
  /**
   * Asks all subscribers to leave, and resolves when they have, or when that took longer than `graceMs` and than any needs: then it has cut
   * them off.
   */
  drain(graceMs: number): Promise<void>;
  /** Ends all streams, and takes no more. What was granted goes on, and is waited for. */
  close(): void;
}

export interface SubscriberEvents {
  /** How it was settled with a subscriber that had to be waited for. */
  readonly onSubscriberSettled: (outcome: SubscriberOutcome, service: string) => void;
  /** The subscribers of a service get no leases for a while. */
  readonly onSubscriberBackoff: (backoff: Backoff) => void;
}

export function createSubscribers(parts: {
  /** The deny-list's filters; undefined while they are not whole. */
  slices: () => readonly ProjectedSlice[] | undefined;
  /** What is no part of the filters. */
  marks: () => readonly KnownMark[];
  nodeLease: Pick<Lease, 'remainingMs'>;
  clock: Clock;
  /** Done before there can be any subscriber. */
  beforeFirst?: () => Promise<void>;
  readonly events: SubscriberEvents;
}): Subscribers {
  const { clock, events } = parts;
  const standings = createStandings({ clock, onBackoff: events.onSubscriberBackoff });
  /** Subscriber → stops what waits for its age. */
  const open = new Map<Subscriber, Cancel>();
  /** Whose stream has ended while they may have held a lease. */
  const lost = new Set<Subscriber>();
  /** What was sent lately: nodes hear of most revocations twice. */
  const recent = new LRUCache<string, number>({ max: subscriberLimits.subscriberRecentRevocations });
  let preparing: Promise<void> | undefined;
  /** Once; when it failed, again. */
  const prepare = async () => {
    preparing ??= (parts.beforeFirst ?? (async () => {}))();
    try {
      await preparing;
    } catch (cause) {
      preparing = undefined;
      throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'not_prepared', cause });
    }
  };
  let position = 0;
  let draining = false;
  let onEmpty = () => {};

  const remove = (subscriber: Subscriber) => {
    open.get(subscriber)?.();
    open.delete(subscriber);
    if (subscriber.holdsLease()) lost.add(subscriber);
    if (open.size === 0) onEmpty();
  };

  const endAll = (why: 'started_over' | 'reconnect') => {
    for (const subscriber of [...open.keys()]) {
      subscriber.end(why);
      remove(subscriber);
    }
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

  /** Connections are not for ever: what balances load, and what changes names, gets its turn. At random, not all at once. */
  const reconnectWithAge = (subscriber: Subscriber): Cancel => {
    const age = subscriberLimits.subscriberStreamMilliseconds * (0.8 + 0.2 * Math.random());
    let cancel = clock.after(age, () => {
      subscriber.askToReconnect('connection_age', subscriberLimits.subscriberDrainMilliseconds);
      cancel = clock.after(subscriberLimits.subscriberDrainMilliseconds, () => subscriber.end('reconnect'));
    });
    return () => cancel();
  };

  const isNew = ({ subject, expiresAt }: Revocation): boolean => {
    const key = subjectKey(subject);
    if ((recent.get(key) ?? Number.NEGATIVE_INFINITY) >= expiresAt) return false;
    recent.set(key, expiresAt);
    return true;
  };

  /**
   * Filters have no marks, so these follow a snapshot, under its last positions: no other subscriber is waited for because of them. They
   * are on the way before there can be a lease.
   */
  const marksBehindSnapshot = (): FeedRevocations[] => {
    const marks = parts.marks();
    // While there is no position, nothing was sent to anybody.
    position = Math.max(position, marks.length);
    return marks.map(({ committed, ...revocation }, index) => ({
      kind: 'revocations',
      position: position - marks.length + index + 1,
      revocations: [revocation],
      committed,
    }));
  };

  return {
    onAdded(revocations, committed) {
      // Nobody has a snapshot without it; who comes later gets one with it.
      if (open.size === 0 && lost.size === 0) return;
      const added = revocations.filter(isNew);
      for (let from = 0; from < added.length; from += verifierLimits.subscriberMessageEntries) {
        position += 1;
        const page = added.slice(from, from + verifierLimits.subscriberMessageEntries);
        const message = { kind: 'revocations', position, revocations: page, committed } as const;
        for (const subscriber of open.keys()) subscriber.send(message);
      }
    },

    onStartedOver() {
      recent.clear();
      // What a load brings is sent to nobody; subscribers of the time before may lack it, whatever they have acknowledged.
      position += 1;
      endAll('started_over');
    },

    caughtUp() {
      const waiting: Promise<void>[] = [];
      for (const subscribers of [open.keys(), lost]) {
        for (const subscriber of subscribers) {
          const known = subscriber.knows(position);
          if (known === undefined) continue;
          waiting.push(known.then((outcome) => events.onSubscriberSettled(outcome, subscriber.service)));
        }
      }
      if (waiting.length === 0) return undefined;
      return Promise.all(waiting).then(() => {});
    },

    async open(keys, service) {
      await prepare();
      if (draining) throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'draining' });
      const slices = parts.slices();
      if (slices === undefined)
        throw new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: 'loading' });
      const marks = marksBehindSnapshot();
      const snapshot = { slices, position: position - marks.length };
      const subscriber = createSubscriber({
        ...{ snapshot, keys, service, clock },
        nodeLease: parts.nodeLease,
        standing: standings.of(service),
      });
      for (const message of marks) subscriber.send(message);
      open.set(subscriber, reconnectWithAge(subscriber));
      const gone = (how: () => void) => () => {
        how();
        remove(subscriber);
      };
      return {
        ...subscriber,
        leave: gone(subscriber.leave),
        finished: gone(subscriber.finished),
        disconnected: gone(subscriber.disconnected),
      };
    },

    connected: () => open.size,

    leases() {
      forgetLost();
      return lost.size + [...open.keys()].filter((subscriber) => subscriber.holdsLease()).length;
    },

    async drain(graceMs) {
      draining = true;
      if (open.size === 0) return;
      const milliseconds = Math.max(graceMs, subscriberLimits.subscriberDrainMilliseconds);
      for (const subscriber of open.keys()) subscriber.askToReconnect('draining', milliseconds);
      await new Promise<void>((resolve) => {
        const cancel = clock.after(milliseconds, resolve);
        onEmpty = () => {
          cancel();
          resolve();
        };
      });
      endAll('reconnect');
    },

    close() {
      stopLooking();
      draining = true;
      endAll('reconnect');
    },
  };
}
