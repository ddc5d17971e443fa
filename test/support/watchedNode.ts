/** A node whose deny-list edges watch, and edges that follow the protocol when the test says so. */
import { createDenyList, sliceLength } from '@countersign/verifier/revocation/denyList';
import { createLease } from '@countersign/verifier/revocation/lease';
import type { FeedMessage } from '../../src/revocation/subscribers/feed.ts';
import type { Backoff } from '../../src/revocation/subscribers/standing.ts';
import type { EdgeOutcome, EdgeStream } from '../../src/revocation/subscribers/subscriber.ts';
import { createEdges, type Edges } from '../../src/revocation/subscribers/subscribers.ts';
import { accessTtlMs, startOfTest } from './denyListNode.ts';
import { createFeedReader } from './feedReader.ts';
import { createManualClock } from './manualClock.ts';
import { leaseMs } from './nodes.ts';

/** Its memory is whole, and it has just taken its lease. */
export async function createWatchedNode({ beforeFirst = async () => {} } = {}) {
  const clock = createManualClock(startOfTest);
  const lease = createLease({ clock, milliseconds: leaseMs });
  const outcomes: EdgeOutcome[] = [];
  const backoffs: Backoff[] = [];
  const edges = createEdges({
    slices: () => denyList.slices(),
    marks: () => denyList.marks(),
    nodeLease: lease,
    clock,
    beforeFirst,
    events: {
      onEdgeSettled: (outcome) => void outcomes.push(outcome),
      onEdgeBackoff: (backoff) => void backoffs.push(backoff),
    },
  });
  const denyList = createDenyList({
    lease,
    confirm: async () => ({ by: 'postgres', revocation: undefined }),
    sliceMs: sliceLength(accessTtlMs),
    onVerdict: () => {},
    listener: edges,
  });
  await denyList.load(async () => {});
  const renew = () => lease.hold(lease.moment());
  renew();
  return { clock, lease, renew, edges, denyList, outcomes, backoffs };
}

export interface WatchingEdge {
  readonly stream: EdgeStream;
  readonly reader: ReturnType<typeof createFeedReader>;
  /** Takes all that is there, acknowledges it, and asks for a lease, as an edge does all the time. */
  follow(): Promise<readonly FeedMessage[]>;
  renew(): void;
  /** The last position that it has taken. */
  position(): number;
}

/** It has taken nothing yet. */
export async function openEdge(edges: Pick<Edges, 'open'>, service = 'a'): Promise<WatchingEdge> {
  const stream = await edges.open(() => undefined, service);
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
export async function openWithLease(edges: Pick<Edges, 'open'>, service = 'a'): Promise<WatchingEdge> {
  const edge = await openEdge(edges, service);
  await edge.follow();
  return edge;
}

/** `caughtUp` as it goes on. */
export function caughtUp(edges: { caughtUp(): Promise<void> | undefined }) {
  const known = edges.caughtUp();
  let state = known === undefined ? 'at once' : 'waiting';
  void known?.then(() => {
    state = 'caught up';
  });
  return () => state;
}
