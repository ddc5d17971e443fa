/** What a run does wrong beyond what may go wrong: the witness must see it. */

import type { RevocationSnapshots } from '@countersign/verifier/revocation/revocation';
import type { Bus, BusListener, NodeId } from '../../../src/revocation/propagation/bus.ts';
import type { NodeStore } from '../../../src/revocation/propagation/liveNodes.ts';
import type { DatabaseFaults, DatabasePorts } from './database.ts';
import type { SubscriberSabotage } from './subscriber.ts';

export interface Sabotage extends DatabaseFaults, Omit<SubscriberSabotage, 'longGrants'> {
  /** The clocks of one node run at half speed, so that its lease lasts twice as long as others think. */
  readonly slowClock?: boolean;
  /** Nodes are said to have acknowledged what they never heard of. */
  readonly forgedAcknowledgements?: boolean;
  /** A node says that it knows when its subscribers may not. */
  readonly acknowledgesAlone?: boolean;
  /** A node reports what it has read when its subscribers may not know it. */
  readonly reportsAlone?: boolean;
  /** A node that stops removes its row, whatever its subscribers hold. */
  readonly removesRow?: boolean;
  /** Grants are as long as a whole lease, whatever is left of that of the node. */
  readonly longGrants?: boolean;
  /** How many subscribers there are, where that is not left to chance. */
  readonly subscribers?: number;
}

type OpenBus = (listener: BusListener) => Bus;

/** `others`: the ids of all nodes there are. */
export function tamperWithBus(
  openBus: OpenBus,
  self: NodeId,
  others: () => readonly NodeId[],
  sabotage: Sabotage,
): OpenBus {
  return (listener) => {
    const bus = openBus({
      ...listener,
      onAnnouncement(announcement) {
        listener.onAnnouncement(announcement);
        const { from, number, history, revocations } = announcement;
        if (sabotage.acknowledgesAlone && revocations !== undefined)
          bus.acknowledge({ to: from, number, from: self, history });
      },
    });
    if (!sabotage.forgedAcknowledgements) return bus;
    return {
      ...bus,
      async announce(announcement) {
        await bus.announce(announcement);
        for (const from of others()) {
          const { number, history } = announcement;
          listener.onAcknowledgement({ to: self, from, number, history });
        }
      },
    };
  };
}

/** The nodes and the snapshots of the lease, and what a stopped node does in the end. */
export function tamperWithDatabase(
  { nodes, snapshots }: Pick<DatabasePorts, 'nodes' | 'snapshots'>,
  self: NodeId,
  sabotage: Sabotage,
): { nodes: NodeStore; snapshots: RevocationSnapshots; whenStopped(): void } {
  let renewal = 0;
  return {
    nodes: {
      ...nodes,
      register(node) {
        renewal = node.renewal;
        return nodes.register(node);
      },
    },
    snapshots: !sabotage.reportsAlone
      ? snapshots
      : {
          ...snapshots,
          read: (work) =>
            snapshots.read(async (snapshot) => {
              const result = await work(snapshot);
              nodes.report(self, snapshot.position).catch(() => {});
              return result;
            }),
        },
    whenStopped() {
      if (sabotage.removesRow) nodes.remove(self, renewal).catch(() => {});
    },
  };
}
