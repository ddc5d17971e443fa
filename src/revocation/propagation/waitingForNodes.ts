/**
 * Who must still be waited for until a revocation is in effect. Pure: it is told what was seen and what time it is.
 *
 * Only the nodes of the first look matter, and only the leases that they had then: a node that registers after the commit
 * reads the revocation before it answers anything from memory, and the look came after the commit.
 */

import { type CommitMark, covers } from '@countersign/verifier/revocation/position';
import type { NodeOutcome } from '@countersign/verifier/revocation/revocation';
import type { NodeId } from './bus.ts';
import { propagationLimits } from './limits.ts';
import type { Others } from './liveNodes.ts';

export interface WaitingForNodes {
  /** A look at the nodes that began after the commit. */
  saw(others: Others): void;
  acknowledged(node: NodeId): void;
  /** How it was settled with each node; undefined while one of them may be without the revocation, or nobody was seen. */
  settled(now: number): ReadonlyMap<NodeId, NodeOutcome> | undefined;
  /** False before the first look. */
  hasSeen(): boolean;
  /** The database has another history than the one that was committed to: it may be one without the commit. */
  mayBeLost(): boolean;
}

/** Stands for nodes that a database with a new history may have forgotten. */
export const unknownNodes = 'unknown';

function ranOut(node: NodeId): NodeOutcome {
  return node === unknownNodes ? 'history_changed' : 'lease_expired';
}

/** `committedAt`: a moment on this node's monotonic clock at which the commit was done. */
export function waitForNodes({ history, transaction }: CommitMark, committedAt: number): WaitingForNodes {
  const outcomes = new Map<NodeId, NodeOutcome>();
  const acknowledgedBy = new Set<NodeId>();
  /** Node → when the lease that it had at the commit has run out. */
  let open: Map<NodeId, number> | undefined;
  let lost = false;

  const settle = (node: NodeId, outcome: NodeOutcome) => {
    if (open?.delete(node)) outcomes.set(node, outcome);
  };

  const begin = ({ nodes, unknownUntil, unknownLeaseMs }: Others): Map<NodeId, number> => {
    // A lease that was held at the commit began before it.
    const atMost = (leaseMs: number) => committedAt + leaseMs + propagationLimits.leaseMarginMilliseconds;
    const leases = nodes.map(({ id, leaseEndsAt, leaseMs }): [NodeId, number] => [
      id,
      Math.min(leaseEndsAt, atMost(leaseMs)),
    ]);
    const unknown = Math.min(unknownUntil, atMost(unknownLeaseMs));
    const all: [NodeId, number][] = [...leases, [unknownNodes, unknown]];
    // Whose lease was over at the commit is dead, and nobody waits for it.
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
