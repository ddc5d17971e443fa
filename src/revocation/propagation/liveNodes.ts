/**
 * Which other nodes may be answering from memory. A node renews its lease by giving its row a new renewal number; the
 * lease began before that. So a row that this node first saw at some moment proves nothing beyond that moment plus its
 * lease, and this node's own monotonic clock is all that is needed: no wall clock, neither ours nor the database's.
 */
import type { Clock } from '@countersign/verifier/clock';
import type { Position } from '@countersign/verifier/revocation/position';
import type { NodeId } from './bus.ts';
import { propagationLimits } from './limits.ts';

export interface NodeRow {
  readonly id: NodeId;
  /** Never used twice by one id. */
  readonly renewal: number;
  readonly leaseMs: number;
  /** How far it has read the truth, as far as it has reported. */
  readonly position: Position | undefined;
}

/** All nodes that have registered and not stopped, at one moment. */
export interface NodeList {
  /** Of the database: see `Position.history`. */
  readonly history: string;
  readonly nodes: readonly NodeRow[];
}

export interface NodeStore {
  /** Writes the node's row; resolves when that is committed. */
  register(node: Omit<NodeRow, 'position'>): Promise<NodeList & { readonly databaseNow: number }>;
  report(id: NodeId, position: Position): Promise<void>;
  list(): Promise<NodeList>;
  /** Removes the row, unless it has been renewed. */
  remove(id: NodeId, renewal: number): Promise<void>;
}

/** Another node whose row is there. */
export interface OtherNode extends NodeRow {
  /** On this node's monotonic clock: from here on it holds no lease, unless it has renewed it. */
  readonly leaseEndsAt: number;
}

export interface Others {
  readonly nodes: readonly OtherNode[];
  /** From here on, nodes that a database with a new history does not know of hold no lease either. */
  readonly unknownUntil: number;
  /** The longest lease that such a node may have begun before. */
  readonly unknownLeaseMs: number;
  readonly history: string;
}

export interface LiveNodes {
  /** To be called with every list, when it has arrived. */
  observe(list: NodeList): Others;
  /** How many others may hold a lease now, by the last list. */
  count(): number;
  /** The longest lease that any node may hold now, this one included. */
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
        // Rows that the old history had may be missing or out of date in the new one.
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

    count: () => live().length,
    longestLeaseMs: () => Math.max(leaseMs, ...live().map((node) => node.leaseMs)),
  };
}
