/**
 * One subscriber: a guard that keeps a copy of the deny-list and answers from it, under a lease of this node. Joins its queue,
 * acknowledgements and lease. Why the lease is safe: the subscriber counts it from before its request, this node from after. The
 * grant follows everything the subscriber must know on the same ordered stream. And no grant outlives this node's lease.
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Lease } from '@countersign/verifier/revocation/lease';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import { createAcknowledgements } from './acknowledgements.ts';
import type { FeedEnd, FeedMessage, FeedRevocations, PublicKeys, ReconnectReason } from './feed.ts';
import { createFeedQueue, type FeedQueue } from './feedQueue.ts';
import { createGrantedLease } from './grantedLease.ts';
import { subscriberLimits } from './limits.ts';
import type { Standing } from './standing.ts';

/** Why a subscriber can no longer accept revoked tokens. */
export type SubscriberOutcome = 'acknowledged' | 'lease_expired' | 'left';

/** The node's end of a subscriber's stream. Methods throw `invalid_request` for a message that breaks the protocol. */
export interface SubscriberStream {
  /** Entries in the snapshot. */
  readonly snapshotEntries: number;
  /** The next message; undefined once the stream has ended. */
  next(): Promise<FeedMessage | undefined>;
  /** Why it ended; undefined while it is open. */
  ended(): FeedEnd | undefined;
  /** The subscriber asks for a lease. `number` must increase. */
  renew(number: number): void;
  acknowledge(position: number): void;
  /** The subscriber has dropped its lease. */
  leave(): void;
  /** The subscriber sends no more but still receives queued messages. Its lease goes on. */
  finished(): void;
  /** The connection broke. The lease goes on. */
  disconnected(): void;
}

/** For operators. */
export interface SubscriberState {
  /** As it calls itself. */
  readonly name: string;
  readonly service: string;
  readonly isConnected: boolean;
  /** 0 without a lease. */
  readonly leaseRemainingMs: number;
  /** For how long it has not acknowledged what was sent; 0 when it has. */
  readonly behindMs: number;
  readonly silentMs: number;
}

export interface Subscriber extends SubscriberStream {
  readonly service: string;
  send(message: FeedRevocations): void;
  /** Undefined when the subscriber knows everything up to this position or holds no lease; otherwise resolves when it does. */
  knows(position: number): Promise<SubscriberOutcome> | undefined;
  holdsLease(): boolean;
  heardAt(): number;
  state(): Omit<SubscriberState, 'isConnected'>;
  askToReconnect(reason: ReconnectReason, graceMs: number): void;
  end(why: FeedEnd): void;
}

export function createSubscriber(parts: {
  /** The current filters, and the position they cover. */
  snapshot: { readonly slices: readonly ProjectedSlice[]; readonly position: number };
  nodeLease: Pick<Lease, 'remainingMs'>;
  /** Undefined when too old to rely on. */
  keys: () => PublicKeys | undefined;
  /** The subscriber's service, and its name for itself. */
  service: string;
  name?: string;
  standing: Standing;
  clock: Clock;
}): Subscriber {
  // Not kept as `parts`: a reference to the snapshot would keep dropped filters in memory.
  const { snapshot, clock, service, name = '' } = parts;
  const queue = createFeedQueue();
  const sendKeys = createKeyFeed(parts.keys, queue);
  const acknowledgements = createAcknowledgements(clock, snapshot.position);
  const lease = createGrantedLease(parts);
  let why: FeedEnd | undefined;
  let snapshotSent = false;
  let heardAt = clock.monotonic();

  const end = (reason: FeedEnd) => {
    why ??= reason;
    queue.close();
  };

  for (const slice of snapshot.slices) queue.push({ kind: 'slice', slice });
  sendKeys(clock.monotonic());
  queue.push({ kind: 'snapshot_end', position: snapshot.position });

  return {
    service,
    snapshotEntries: entriesIn(snapshot.slices),

    async next() {
      const message = await queue.take();
      if (message?.kind === 'snapshot_end') snapshotSent = true;
      if (message?.kind === 'revocations') acknowledgements.sent(message.position);
      return message;
    },

    ended: () => why,

    renew(number) {
      lease.checkNumber(number);
      // No lease: it could not be delivered, and logouts would wait for it.
      if (why !== undefined) return;
      const now = clock.monotonic();
      heardAt = now;
      sendKeys(now);
      const leaseMs = lease.grant(now, { snapshotSent, behindSince: acknowledgements.behindSince(now) });
      queue.push({ kind: 'lease', number, leaseMs });
    },

    acknowledge(position) {
      if (acknowledgements.acknowledge(position)) heardAt = clock.monotonic();
    },

    leave() {
      lease.drop();
      acknowledgements.leave();
      end('left');
    },

    finished() {
      why ??= 'disconnected';
      queue.finish();
    },

    disconnected: () => end('disconnected'),

    send(message) {
      if (why !== undefined) return;
      acknowledgements.queued(message.position);
      if (!queue.push(message)) end('too_slow');
    },

    knows(position) {
      const now = clock.monotonic();
      // Only the current lease counts: any later grant follows this position on the stream.
      const remainingMs = lease.remainingMs(now);
      if (acknowledgements.has(position) || remainingMs <= 0) return undefined;
      return acknowledgements.wait(position, remainingMs, lease.beginWait(now));
    },

    ...{ holdsLease: () => lease.remainingMs(clock.monotonic()) > 0, heardAt: () => heardAt },
    state: () => stateOf({ name, service }, { lease, acknowledgements, heardAt }, clock.monotonic()),
    askToReconnect: (reason, graceMs) => void queue.push({ kind: 'reconnect', reason, graceMs }),
    end,
  };
}

function stateOf(
  who: Pick<SubscriberState, 'name' | 'service'>,
  parts: {
    readonly lease: Pick<ReturnType<typeof createGrantedLease>, 'remainingMs'>;
    readonly acknowledgements: Pick<ReturnType<typeof createAcknowledgements>, 'behindSince'>;
    readonly heardAt: number;
  },
  now: number,
): Omit<SubscriberState, 'isConnected'> {
  const { lease, acknowledgements, heardAt } = parts;
  const leaseRemainingMs = Math.max(0, lease.remainingMs(now));
  return {
    ...who,
    leaseRemainingMs,
    behindMs: now - acknowledgements.behindSince(now),
    silentMs: now - heardAt,
  };
}

/** Sends the keys when they change, and regularly. */
function createKeyFeed(current: () => PublicKeys | undefined, queue: FeedQueue): (now: number) => void {
  let sent = { jwks: '', at: Number.NEGATIVE_INFINITY };
  return (now) => {
    const keys = current();
    if (keys === undefined) return;
    if (keys.jwks === sent.jwks && now - sent.at < subscriberLimits.subscriberKeysMilliseconds) return;
    sent = { jwks: keys.jwks, at: now };
    queue.push({ kind: 'keys', ...keys });
  };
}

function entriesIn(slices: readonly ProjectedSlice[]): number {
  return slices.flatMap(({ layers }) => layers).reduce((sum, { entries }) => sum + entries, 0);
}
