/**
 * This node's subscribers. Each is sent every revocation that enters the deny-list. A revocation is in effect here when every
 * subscriber has acknowledged it or holds no lease (docs/effect.md).
 */

import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { DenyListListener } from '@countersign/verifier/revocation/denyList';
import type { KnownMark } from '@countersign/verifier/revocation/issuedBefore';
import type { Lease } from '@countersign/verifier/revocation/lease';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { PublicKeys } from './feed.ts';
import { createFeedPositions } from './feedPositions.ts';
import { subscriberLimits } from './limits.ts';
import { createRoster } from './roster.ts';
import { type Backoff, createStandings } from './standing.ts';
import {
  createSubscriber,
  type SubscriberOutcome,
  type SubscriberState,
  type SubscriberStream,
} from './subscriber.ts';

export interface Subscribers extends DenyListListener {
  /**
   * Undefined when every subscriber knows everything added so far or holds no lease; otherwise resolves when that is so, after
   * one lease at most. Propagation must wait for it.
   */
  caughtUp(): Promise<void> | undefined;
  /** Rejects with `unavailable` while memory is loading or the node stops. `places.ts` limits their number. */
  open(keys: () => PublicKeys | undefined, service: string, name?: string): Promise<SubscriberStream>;
  /** Connected subscribers. */
  connected(): number;
  /** Each subscriber with a stream or a lease, for operators. */
  list(): readonly SubscriberState[];
  /** Subscribers that may answer from memory, connected or not. */
  leases(): number;
  /**
   * Asks all subscribers to leave and resolves when they have. Disconnects the rest after `graceMs`, or after a subscriber's own
   * grace period if longer.
   */
  drain(graceMs: number): Promise<void>;
  /** Ends all streams and accepts no more. Granted leases go on and are waited for. */
  close(): void;
}

export interface SubscriberEvents {
  /** Called for each subscriber that had to be waited for. */
  readonly onSubscriberSettled: (outcome: SubscriberOutcome, service: string) => void;
  /** A service's subscribers get no leases for a while. */
  readonly onSubscriberBackoff: (backoff: Backoff) => void;
}

type Keys = () => PublicKeys | undefined;
type SubscriberName = Pick<SubscriberState, 'service' | 'name'>;

export function createSubscribers(parts: {
  /** The deny-list's filters; undefined while incomplete. */
  slices: () => readonly ProjectedSlice[] | undefined;
  /** Entries that are in no filter. */
  marks: () => readonly KnownMark[];
  nodeLease: Pick<Lease, 'remainingMs'>;
  clock: Clock;
  /** Must succeed before the first subscriber. */
  beforeFirst?: () => Promise<void>;
  readonly events: SubscriberEvents;
}): Subscribers {
  const { clock, events } = parts;
  const standings = createStandings({ clock, onBackoff: events.onSubscriberBackoff });
  const roster = createRoster(clock);
  const feed = createFeedPositions(parts.marks);
  const prepare = createPreparation(parts.beforeFirst);
  let draining = false;

  const join = (slices: readonly ProjectedSlice[], keys: Keys, { service, name }: SubscriberName) => {
    const marks = feed.marksBehindSnapshot();
    const snapshot = { slices, position: feed.last() - marks.length };
    const subscriber = createSubscriber({
      ...{ snapshot, keys, service, name, clock },
      nodeLease: parts.nodeLease,
      standing: standings.of(service),
    });
    for (const message of marks) subscriber.send(message);
    roster.add(subscriber);
    return subscriber;
  };

  return {
    onAdded(revocations, committed) {
      // Without subscribers nobody needs a message: the next snapshot has these revocations.
      if (roster.isEmpty()) return;
      const connected = roster.connected();
      for (const message of feed.messages(revocations, committed)) {
        for (const subscriber of connected) subscriber.send(message);
      }
    },

    onStartedOver() {
      feed.startOver();
      roster.endAll('started_over');
    },

    caughtUp() {
      const waiting = roster.all().flatMap((subscriber) => {
        const known = subscriber.knows(feed.last());
        if (known === undefined) return [];
        return [known.then((outcome) => events.onSubscriberSettled(outcome, subscriber.service))];
      });
      return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => {});
    },

    async open(keys, service, name = '') {
      await prepare();
      if (draining) throw unavailable('draining');
      const slices = parts.slices();
      if (slices === undefined) throw unavailable('loading');
      const subscriber = join(slices, keys, { service, name });
      const gone = (how: () => void) => () => {
        how();
        roster.remove(subscriber);
      };
      return {
        ...subscriber,
        leave: gone(subscriber.leave),
        finished: gone(subscriber.finished),
        disconnected: gone(subscriber.disconnected),
      };
    },

    ...{ connected: roster.count, leases: roster.leases, list: roster.list },

    async drain(graceMs) {
      draining = true;
      if (roster.count() === 0) return;
      const milliseconds = Math.max(graceMs, subscriberLimits.subscriberDrainMilliseconds);
      for (const subscriber of roster.connected()) subscriber.askToReconnect('draining', milliseconds);
      await roster.emptied(milliseconds);
      roster.endAll('reconnect');
    },

    close() {
      roster.stopLooking();
      draining = true;
      roster.endAll('reconnect');
    },
  };
}

/** Runs `work` once for all callers; retries after a failure. */
function createPreparation(work: () => Promise<void> = async () => {}): () => Promise<void> {
  let preparing: Promise<void> | undefined;
  return async () => {
    preparing ??= work();
    try {
      await preparing;
    } catch (cause) {
      preparing = undefined;
      throw unavailable('not_prepared', cause);
    }
  };
}

function unavailable(reason: string, cause?: unknown): AuthorityError {
  return new AuthorityError('unavailable', { retryAfterSeconds: 1, reason, cause });
}
