/** A real node on a simulated machine, over the ports that it is given. */
import { createLatestTime } from '@countersign/verifier/steadyTime';
import { createRevocationNode, type RevocationNode } from '../../../src/revocation/propagation/node.ts';
import type { DatabasePorts } from './database.ts';
import type { Machine } from './world.ts';

type NodeParts = Parameters<typeof createRevocationNode>[0];

export function openNode(
  machine: Machine,
  { store, snapshots }: Pick<DatabasePorts, 'store' | 'snapshots'>,
  parts: Pick<
    NodeParts,
    'self' | 'leaseMs' | 'sliceMs' | 'nodes' | 'snapshots' | 'copy' | 'saved' | 'openBus'
  >,
): RevocationNode {
  return createRevocationNode({
    ...parts,
    store,
    loadingSnapshots: snapshots,
    slowSnapshots: snapshots,
    clock: machine.clock,
    latestTime: createLatestTime(machine.clock, () => {}),
    events: {
      onVerdict() {},
      onEffect() {},
      onProgress() {},
      onReconciled() {},
      onFault() {},
      onSubscriberSettled() {},
      onSubscriberBackoff() {},
      onMessageDropped() {},
    },
  });
}
