/** One subscriber of a node, whose snapshot ends at position 7; the node has just taken its lease. */
import { randomBytes } from 'node:crypto';
import { createLease } from '@countersign/verifier/revocation/lease';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { PublicKeys } from '../../src/revocation/subscribers/feed.ts';
import { createStandings } from '../../src/revocation/subscribers/standing.ts';
import { createSubscriber } from '../../src/revocation/subscribers/subscriber.ts';
import { revoked, startOfTest } from './denyListNode.ts';
import { createFeedReader } from './feedReader.ts';
import { createManualClock } from './manualClock.ts';
import { leaseMs } from './nodes.ts';

const layer = { capacity: 8, entries: 3, bytes: new Uint8Array(32) };
export const slice: ProjectedSlice = { ofSessions: true, endsAt: startOfTest, layers: [layer, layer] };

export function createSubscriberOfNode({
  slices = [slice],
  keys,
}: {
  slices?: ProjectedSlice[];
  keys?: PublicKeys;
} = {}) {
  const clock = createManualClock(startOfTest);
  const nodeLease = createLease({ clock, milliseconds: leaseMs });
  nodeLease.hold(nodeLease.moment());
  const ring = { keys };
  const standing = createStandings({ clock, onBackoff: () => {} }).of('a');
  const subscriber = createSubscriber({
    ...{ snapshot: { slices, position: 7 }, nodeLease, keys: () => ring.keys, clock },
    ...{ service: 'a', standing },
  });
  const row = revoked(randomBytes(16));
  const send = (position: number, entries = 1, committed = true) =>
    subscriber.send({
      kind: 'revocations',
      committed,
      position,
      revocations: Array.from({ length: entries }, () => row),
    });
  return { clock, nodeLease, ring, subscriber, send, reader: createFeedReader(subscriber) };
}

/** One that has taken its snapshot, and holds a lease. */
export async function createSubscriberWithLease() {
  const parts = createSubscriberOfNode();
  await parts.reader.all();
  parts.subscriber.renew(1);
  await parts.reader.all();
  return parts;
}

/** What has become of it: it need not be waited for, it is waited for, or how it was settled. */
export function watched(known: Promise<string> | undefined) {
  let state = known === undefined ? 'knows' : 'waiting';
  void known?.then((outcome) => {
    state = outcome;
  });
  return () => state;
}
