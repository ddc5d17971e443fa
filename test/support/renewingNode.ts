/** A node that keeps its memory and its lease over a shared truth, and says nothing to others. */

import { createConfirmation } from '@countersign/verifier/revocation/confirmation';
import { createDenyList, sliceLength } from '@countersign/verifier/revocation/denyList';
import { createLease } from '@countersign/verifier/revocation/lease';
import { createLatestTime } from '@countersign/verifier/steadyTime';
import { createLiveNodes } from '../../src/revocation/propagation/liveNodes.ts';
import { createLoad, type OnProgress } from '../../src/revocation/propagation/loading.ts';
import { createRenewal } from '../../src/revocation/propagation/renewal.ts';
import type { SavedMemory } from '../../src/revocation/propagation/savedMemory.ts';
import type { SubscriberOutcome } from '../../src/revocation/subscribers/subscriber.ts';
import { createSubscribers } from '../../src/revocation/subscribers/subscribers.ts';
import { accessTtlMs, startOfTest } from './denyListNode.ts';
import { createManualClock } from './manualClock.ts';
import { leaseMs } from './nodes.ts';
import { createSharedTruth } from './sharedTruth.ts';

const nothingSaved: Pick<SavedMemory, 'latest'> = { latest: async () => undefined };

export function createRenewingNode({
  saved = nothingSaved,
  onProgress = () => {},
}: {
  saved?: Pick<SavedMemory, 'latest'>;
  onProgress?: OnProgress;
} = {}) {
  const clock = createManualClock(startOfTest);
  const truth = createSharedTruth(clock.now);
  const { nodes, snapshots, store } = truth;
  const sliceMs = sliceLength(accessTtlMs);
  const lease = createLease({ clock, milliseconds: leaseMs });
  const liveNodes = createLiveNodes({ self: 'self', leaseMs, clock });
  const confirm = createConfirmation({ find: store.find, clock });
  const outcomes: SubscriberOutcome[] = [];
  const subscribers = createSubscribers({
    slices: () => denyList.slices(),
    marks: () => denyList.marks(),
    nodeLease: lease,
    clock,
    events: { onSubscriberSettled: (outcome) => void outcomes.push(outcome), onSubscriberBackoff: () => {} },
  });
  const denyList = createDenyList({ lease, confirm, sliceMs, onVerdict: () => {}, listener: subscribers });
  const load = createLoad({ denyList, snapshots, saved, clock, sliceMs, onProgress });
  const latestTime = createLatestTime(clock, () => {});
  const renewal = createRenewal({
    self: 'self',
    lease,
    nodes,
    liveNodes,
    snapshots,
    denyList,
    subscribers,
    load,
    watched: { trusted: () => true, verify: async () => {}, saw: () => {} },
    latestTime,
    clock,
  });
  return { clock, truth, sliceMs, lease, denyList, subscribers, outcomes, load, latestTime, renewal };
}

/** One that has renewed once; what is noted of the steps begins after that. */
export async function createRenewedNode() {
  const node = createRenewingNode();
  await node.renewal.renew();
  node.truth.steps.length = 0;
  return node;
}
