/**
 * Decides which nodes must still be waited for until a revocation is in effect. Pure: it is given observations and the time. Only
 * the nodes of the first list matter, with their leases at that time: the list was read after the commit, so a node that
 * registers later reads the revocation before it answers from memory.
 */

import { type CommitMark, covers } from '@countersign/verifier/revocation/position';
import type { NodeOutcome } from '@countersign/verifier/revocation/revocation';
import type { NodeId } from './bus.ts';
import { propagationLimits } from './limits.ts';
import type { Others } from './liveNodes.ts';

export interface WaitingForNodes {
  /** Takes a list of nodes read after the commit. */
  saw(others: Others): void;
  acknowledged(node: NodeId): void;
  /** The outcome for each node; undefined while one may lack the revocation, or before the first list. */
  settled(now: number): ReadonlyMap<NodeId, NodeOutcome> | undefined;
  /** False before the first list. */
  hasSeen(): boolean;
  /** The database's history differs from the commit's: it may lack the commit. */
  mayBeLost(): boolean;
}

/** Stands for nodes that a database with a new history may not list. */
export const unknownNodes = 'unknown';

function ranOut(node: NodeId): NodeOutcome {
  return node === unknownNodes ? 'history_changed' : 'lease_expired';
}

/** `committedAt`: a time after the commit, on this node's monotonic clock. */
export function waitForNodes({ history, transaction }: CommitMark, committedAt: number): WaitingForNodes {
  const outcomes = new Map<NodeId, NodeOutcome>();
  const acknowledgedBy = new Set<NodeId>();
  /** Node → end of the lease it held at the commit. */
  let open: Map<NodeId, number> | undefined;
  let lost = false;

  const settle = (node: NodeId, outcome: NodeOutcome) => {
    if (open?.delete(node)) outcomes.set(node, outcome);
  };

  const begin = ({ nodes, unknownUntil, unknownLeaseMs }: Others): Map<NodeId, number> => {
    // A lease held at the commit began before it.
    const atMost = (leaseMs: number) => committedAt + leaseMs + propagationLimits.leaseMarginMilliseconds;
    const leases = nodes.map(({ id, leaseEndsAt, leaseMs }): [NodeId, number] => [
      id,
      Math.min(leaseEndsAt, atMost(leaseMs)),
    ]);
    const unknown = Math.min(unknownUntil, atMost(unknownLeaseMs));
    const all: [NodeId, number][] = [...leases, [unknownNodes, unknown]];
    // A node whose lease was over at the commit is dead: nobody waits for it.
    return new Map(all.filter(([, until]) => until > committedAt));
  };

  return {
    saw(others) {
      if (others.history !== history) {
        lost = true;
        return;
      }
      open ??= begin(others);
      const seen = new Map(others.nodes.map((node) => [node.id, node]));
      for (const id of [...open.keys()]) {
        const node = seen.get(id);
        if (node === undefined && id !== unknownNodes) settle(id, 'stopped');
        const { position } = node ?? {};
        if (position?.history === history && covers(position.snapshot, transaction)) settle(id, 'read');
      }
    },

    acknowledged: (node) => void acknowledgedBy.add(node),

    settled(now) {
      for (const [id, until] of [...(open ?? [])]) {
        const outcome = acknowledgedBy.has(id) ? 'acknowledged' : now >= until ? ranOut(id) : undefined;
        if (outcome !== undefined) settle(id, outcome);
      }
      return open?.size === 0 ? outcomes : undefined;
    },

    hasSeen: () => open !== undefined,
    mayBeLost: () => lost,
  };
}
