/**
 * One subscriber: a service that keeps a copy of the deny-list and answers from it, under a lease of this node. Owns what is on
 * its way to the subscriber, what the subscriber has acknowledged, and until when it may answer from memory.
 *
 * Why that lease is safe: the subscriber counts it from before it asked, this node from after; what the subscriber must know is ahead
 * of the grant on the same ordered stream; and no grant outlives the lease of this node.
 */
import type { Clock } from '@countersign/verifier/clock';
import { invalidField } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import type { Lease } from '@countersign/verifier/revocation/lease';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import { propagationLimits } from '../propagation/limits.ts';
import type { FeedEnd, FeedMessage, FeedRevocations, PublicKeys, ReconnectReason } from './feed.ts';
import { subscriberLimits } from './limits.ts';
import type { Standing } from './standing.ts';

/** How it was settled that a subscriber accepts nothing that was revoked. */
export type SubscriberOutcome = 'acknowledged' | 'lease_expired' | 'left';

/** What the far end of a stream does. Methods throw `invalid_request` for what is against the protocol. */
export interface SubscriberStream {
  /** How many entries the snapshot has. */
  readonly snapshotEntries: number;
  /** The next message; undefined once the stream has ended. */
  next(): Promise<FeedMessage | undefined>;
  /** Why it ended; undefined while it has not. */
  ended(): FeedEnd | undefined;
  /** `number` grows with each. */
  renew(number: number): void;
  acknowledge(position: number): void;
  /** The subscriber has dropped its lease. */
  leave(): void;
  /** The subscriber will say no more, and is still sent what was on its way. Its lease goes on. */
  finished(): void;
  /** The connection is gone, whatever the subscriber does now. */
  disconnected(): void;
}

export interface Subscriber extends SubscriberStream {
  readonly service: string;
  send(message: FeedRevocations): void;
  /** Undefined when the subscriber knows everything up to this position, or holds no lease; else resolves when that is so. */
  knows(position: number): Promise<SubscriberOutcome> | undefined;
  holdsLease(): boolean;
  heardAt(): number;
  askToReconnect(reason: ReconnectReason, graceMs: number): void;
  end(why: FeedEnd): void;
}

interface Waiter {
  readonly position: number;
  readonly settle: (outcome: SubscriberOutcome) => void;
}

export function createSubscriber(parts: {
  /** The filters as they are now, and up to which position everything is in them. */
  snapshot: { readonly slices: readonly ProjectedSlice[]; readonly position: number };
  nodeLease: Pick<Lease, 'remainingMs'>;
  /** Undefined when they are too old to be relied on. */
  keys: () => PublicKeys | undefined;
  /** Which the subscriber belongs to. */
  service: string;
  standing: Standing;
  clock: Clock;
}): Subscriber {
  // By themselves: what holds on to the snapshot holds filters that the node dropped long ago.
  const { snapshot, nodeLease, keys: currentKeys, standing, clock } = parts;
  const queue = createFeedQueue();
  const behind = createBehind();
  const waiters = new Set<Waiter>();
  let sentKeys = { jwks: '', at: Number.NEGATIVE_INFINITY };
  let why: FeedEnd | undefined;
  let snapshotSent = false;
  let sent = snapshot.position;
  let acknowledged = snapshot.position;
  let renewal = 0;
  const openedAt = clock.monotonic();
  let heardAt = openedAt;
  /** Whether a logout has ever waited for it for long. */
  let late = false;
  let leaseEndsAt = Number.NEGATIVE_INFINITY;

  const settle = (outcome: SubscriberOutcome, upTo: number) => {
    for (const waiter of [...waiters]) if (waiter.position <= upTo) waiter.settle(outcome);
  };
  const end = (reason: FeedEnd) => {
    why ??= reason;
    queue.close();
  };

  /** One that does not acknowledge gets no further lease: logouts wait for it once, and not each time. */
  const mayHold = (now: number) =>
    snapshotSent &&
    now - behind.since(now) < subscriberLimits.subscriberBehindMilliseconds &&
    standing.mayHold({ openedAt, late });

  const sendKeys = (now: number) => {
    const keys = currentKeys();
    if (keys === undefined) return;
    if (keys.jwks === sentKeys.jwks && now - sentKeys.at < subscriberLimits.subscriberKeysMilliseconds)
      return;
    sentKeys = { jwks: keys.jwks, at: now };
    queue.push({ kind: 'keys', ...keys });
  };

  for (const slice of snapshot.slices) queue.push({ kind: 'slice', slice });
  sendKeys(clock.monotonic());
  queue.push({ kind: 'snapshot_end', position: snapshot.position });

  return {
    service: parts.service,
    snapshotEntries: snapshot.slices
      .flatMap(({ layers }) => layers)
      .reduce((sum, { entries }) => sum + entries, 0),

    async next() {
      const message = await queue.take();
      if (message?.kind === 'snapshot_end') snapshotSent = true;
      if (message?.kind === 'revocations') sent = message.position;
      return message;
    },

    ended: () => why,

    renew(number) {
      // What is no exact number would be sent back as another one.
      if (!Number.isSafeInteger(number) || number <= renewal)
        throw invalidField('renew.number', 'grows', 'must be greater than the one before, and below 2^53');
      renewal = number;
      // A grant would not arrive; nobody is to wait for the end of a lease that nobody has.
      if (why !== undefined) return;
      const now = clock.monotonic();
      heardAt = now;
      sendKeys(now);
      const leaseMs = mayHold(now) ? Math.floor(nodeLease.remainingMs()) : 0;
      if (leaseMs > 0)
        leaseEndsAt = Math.max(leaseEndsAt, now + leaseMs + propagationLimits.leaseMarginMilliseconds);
      queue.push({ kind: 'lease', number, leaseMs });
    },

    acknowledge(position) {
      if (!Number.isSafeInteger(position) || position > sent)
        throw invalidField('acknowledge.position', 'sent', 'must be a position that was sent');
      if (position <= acknowledged) return;
      acknowledged = position;
      heardAt = clock.monotonic();
      behind.acknowledged(position);
      settle('acknowledged', position);
    },

    leave() {
      leaseEndsAt = Number.NEGATIVE_INFINITY;
      settle('left', Number.POSITIVE_INFINITY);
      end('left');
    },

    finished() {
      why ??= 'disconnected';
      queue.finish();
    },

    disconnected: () => end('disconnected'),

    send(message) {
      if (why !== undefined) return;
      behind.sent(message.position, clock.monotonic());
      if (!queue.push(message)) end('too_slow');
    },

    knows(position) {
      const now = clock.monotonic();
      // Later grants do not matter: what has to be known is ahead of them.
      const remaining = leaseEndsAt - now;
      if (acknowledged >= position || remaining <= 0) return undefined;
      const waited = standing.wait();
      return new Promise((resolve) => {
        const cancel = clock.after(remaining, () => waiter.settle('lease_expired'));
        const waiter: Waiter = {
          position,
          settle(outcome) {
            cancel();
            waiters.delete(waiter);
            late ||= clock.monotonic() - now >= subscriberLimits.subscriberSlowMilliseconds;
            waited();
            resolve(outcome);
          },
        };
        waiters.add(waiter);
      });
    },

    holdsLease: () => leaseEndsAt > clock.monotonic(),
    heardAt: () => heardAt,
    askToReconnect: (reason, graceMs) => void queue.push({ kind: 'reconnect', reason, graceMs }),
    end,
  };
}

/** Since when a subscriber has not acknowledged what it was sent. */
function createBehind() {
  /** From which position on, and when that was sent; no finer than it matters, so the life of a stream bounds them. */
  const marks: { readonly from: number; readonly at: number }[] = [];
  let last = Number.NEGATIVE_INFINITY;
  return {
    sent(position: number, now: number) {
      last = position;
      const mark = marks.at(-1);
      if (mark !== undefined && now - mark.at < subscriberLimits.subscriberBehindMilliseconds / 8) return;
      marks.push({ from: position, at: now });
    },
    acknowledged(position: number) {
      if (position >= last) marks.length = 0;
      // The first one stands for the oldest that is missing.
      while ((marks[1]?.from ?? Number.POSITIVE_INFINITY) <= position + 1) marks.shift();
    },
    /** `now` when nothing is missing. */
    since: (now: number) => marks[0]?.at ?? now,
  };
}

/** Messages on their way to a subscriber; bounded, since a subscriber may read more slowly than revocations come. */
function createFeedQueue() {
  const messages: FeedMessage[] = [];
  let entries = 0;
  let closed = false;
  let finished = false;
  let wake = () => {};

  return {
    /** False when there is no room for it. */
    push(message: FeedMessage): boolean {
      if (closed || finished) return false;
      if (message.kind === 'revocations') entries += message.revocations.length;
      if (
        entries > subscriberLimits.subscriberBacklogEntries ||
        messages.length >= subscriberLimits.subscriberBacklogMessages
      )
        return false;
      const joined =
        messages.length < subscriberLimits.subscriberJoinMessages
          ? undefined
          : joinedWith(messages.at(-1), message);
      if (joined === undefined) messages.push(message);
      else messages[messages.length - 1] = joined;
      wake();
      return true;
    },

    /** Waits for a message; undefined when it was closed, with whatever is still in it, or finished and empty. */
    async take(): Promise<FeedMessage | undefined> {
      while (messages.length === 0 && !closed && !finished) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (closed) return undefined;
      const message = messages.shift();
      if (message?.kind === 'revocations') entries -= message.revocations.length;
      return message;
    },

    /** Takes nothing more; what is in it can be taken. */
    finish() {
      finished = true;
      wake();
    },

    close() {
      closed = true;
      messages.length = 0;
      wake();
    },
  };
}

/** One message in place of two that follow each other, where that says the same: the later position stands for both. */
function joinedWith(last: FeedMessage | undefined, next: FeedMessage): FeedRevocations | undefined {
  if (last?.kind !== 'revocations' || next.kind !== 'revocations') return undefined;
  const entries = last.revocations.length + next.revocations.length;
  if (last.committed !== next.committed || entries > verifierLimits.subscriberMessageEntries)
    return undefined;
  return { ...next, revocations: [...last.revocations, ...next.revocations] };
}
