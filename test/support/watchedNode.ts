/** A node whose deny-list subscribers watch, and subscribers that follow the protocol when the test says so. */
import { createDenyList, sliceLength } from '@countersign/verifier/revocation/denyList';
import { createLease } from '@countersign/verifier/revocation/lease';
import type { FeedMessage } from '../../src/revocation/subscribers/feed.ts';
import type { Backoff } from '../../src/revocation/subscribers/standing.ts';
import type { SubscriberOutcome, SubscriberStream } from '../../src/revocation/subscribers/subscriber.ts';
import { createSubscribers, type Subscribers } from '../../src/revocation/subscribers/subscribers.ts';
import { accessTtlMs, startOfTest } from './denyListNode.ts';
import { createFeedReader } from './feedReader.ts';
import { createManualClock } from './manualClock.ts';
import { leaseMs } from './nodes.ts';

/** Its memory is whole, and it has just taken its lease. */
export async function createWatchedNode({ beforeFirst = async () => {} } = {}) {
  const clock = createManualClock(startOfTest);
  const lease = createLease({ clock, milliseconds: leaseMs });
  const outcomes: SubscriberOutcome[] = [];
  const backoffs: Backoff[] = [];
  const subscribers = createSubscribers({
    slices: () => denyList.slices(),
    marks: () => denyList.marks(),
    nodeLease: lease,
    clock,
    beforeFirst,
    events: {
      onSubscriberSettled: (outcome) => void outcomes.push(outcome),
      onSubscriberBackoff: (backoff) => void backoffs.push(backoff),
    },
  });
  const denyList = createDenyList({
    lease,
    confirm: async () => ({ by: 'postgres', revocation: undefined }),
    sliceMs: sliceLength(accessTtlMs),
    onVerdict: () => {},
    listener: subscribers,
  });
  await denyList.load(async () => {});
  const renew = () => lease.hold(lease.moment());
  renew();
  return { clock, lease, renew, subscribers, denyList, outcomes, backoffs };
}

export interface WatchingSubscriber {
  readonly stream: SubscriberStream;
  readonly reader: ReturnType<typeof createFeedReader>;
  /** Takes all that is there, acknowledges it, and asks for a lease, as a subscriber does all the time. */
  follow(): Promise<readonly FeedMessage[]>;
  renew(): void;
  /** The last position that it has taken. */
  position(): number;
}

/** It has taken nothing yet. */
export async function openSubscriber(
  subscribers: Pick<Subscribers, 'open'>,
  service = 'a',
): Promise<WatchingSubscriber> {
  const stream = await subscribers.open(() => undefined, service);
  const reader = createFeedReader(stream);
  let number = 0;
  let position = 0;
  const take = async () => {
    const messages = await reader.all();
    for (const message of messages) if ('position' in message) position = message.position;
    return messages;
  };
  const renew = () => {
    number += 1;
    stream.renew(number);
  };
  return {
    stream,
    reader: { ...reader, all: take },
    renew,
    position: () => position,
    async follow() {
      const messages = await take();
      stream.acknowledge(position);
      renew();
      return [...messages, ...(await take())];
    },
  };
}

/** It has the snapshot, and a lease. */
export async function openWithLease(
  subscribers: Pick<Subscribers, 'open'>,
  service = 'a',
): Promise<WatchingSubscriber> {
  const subscriber = await openSubscriber(subscribers, service);
  await subscriber.follow();
  return subscriber;
}

/** `caughtUp` as it goes on. */
export function caughtUp(subscribers: { caughtUp(): Promise<void> | undefined }) {
  const known = subscribers.caughtUp();
  let state = known === undefined ? 'at once' : 'waiting';
  void known?.then(() => {
    state = 'caught up';
  });
  return () => state;
}
