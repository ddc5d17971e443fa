/**
 * Tracks which other nodes may answer from memory. A node renews its lease by writing a new renewal number to its row, and the
 * lease began before that. So a row first seen at some moment proves a lease no longer than that moment plus its length. Only
 * this node's monotonic clock is needed: no wall clock, ours or the database's.
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Position } from '@countersign/verifier/revocation/position';
import type { NodeId } from './bus.ts';
import { propagationLimits } from './limits.ts';

export interface NodeRow {
  readonly id: NodeId;
  /** Never repeated by one id. */
  readonly renewal: number;
  readonly leaseMs: number;
  /** The last position it reported. */
  readonly position: Position | undefined;
}

export interface Registration extends Omit<NodeRow, 'position'> {
  /** What the node says of itself, for operators. */
  readonly report?: string | undefined;
}

export interface NodeReport {
  readonly id: NodeId;
  readonly report: string;
  /** Since its renewal, by the database's clock. */
  readonly ageMs: number;
}

/** All registered nodes, read at one moment. */
export interface NodeList {
  /** The database's history: see `Position.history`. */
  readonly history: string;
  readonly nodes: readonly NodeRow[];
}

export interface NodeStore {
  /** Writes the node's row; resolves after the commit. */
  register(node: Registration): Promise<NodeList & { readonly databaseNow: number }>;
  report(id: NodeId, position: Position): Promise<void>;
  list(): Promise<NodeList>;
  /** Removes the row unless it was renewed. */
  remove(id: NodeId, renewal: number): Promise<void>;
}

/** For operators. */
export interface NodeState {
  readonly id: string;
  readonly leaseMs: number;
  /** Negative: for how long the lease has been over. */
  readonly leaseRemainingMs: number;
}

/** Another registered node. */
export interface OtherNode extends NodeRow {
  /** On this node's monotonic clock: its lease ends then unless renewed. */
  readonly leaseEndsAt: number;
}

export interface Others {
  readonly nodes: readonly OtherNode[];
  /** By then, nodes that a database with a new history does not list hold no lease either. */
  readonly unknownUntil: number;
  /** The longest lease an unlisted node may hold. */
  readonly unknownLeaseMs: number;
  readonly history: string;
}

export interface LiveNodes {
  /** Call with every list when it arrives. */
  observe(list: NodeList): Others;
  /** Other nodes of the last list. */
  others(): readonly OtherNode[];
  /** Other nodes that may hold a lease, by the last list. */
  count(): number;
  /** The longest lease any node may hold, including this one. */
  longestLeaseMs(): number;
}

export function createLiveNodes(parts: { self: NodeId; leaseMs: number; clock: Clock }): LiveNodes {
  const { self, leaseMs, clock } = parts;
  let known = new Map<NodeId, OtherNode>();
  let history: string | undefined;
  let unknownUntil = Number.NEGATIVE_INFINITY;
  let unknownLeaseMs = leaseMs;

  const live = () => [...known.values()].filter(({ leaseEndsAt }) => leaseEndsAt > clock.monotonic());

  return {
    observe(list) {
      const now = clock.monotonic();
      if (history !== undefined && history !== list.history) {
        // Rows of the old history may be missing or outdated in the new one.
        unknownLeaseMs = Math.max(leaseMs, ...[...known.values()].map((node) => node.leaseMs));
        unknownUntil = now + unknownLeaseMs + propagationLimits.leaseMarginMilliseconds;
        known = new Map();
      }
      history = list.history;
      const nodes = list.nodes
        .filter(({ id }) => id !== self)
        .map((row): OtherNode => {
          const before = known.get(row.id);
          const leaseEndsAt =
            before?.renewal === row.renewal
              ? before.leaseEndsAt
              : now + row.leaseMs + propagationLimits.leaseMarginMilliseconds;
          return { ...row, leaseEndsAt };
        });
      known = new Map(nodes.map((node) => [node.id, node]));
      return { nodes, unknownUntil, unknownLeaseMs, history };
    },

    others: () => [...known.values()],
    count: () => live().length,
    longestLeaseMs: () => Math.max(leaseMs, ...live().map((node) => node.leaseMs)),
  };
}
