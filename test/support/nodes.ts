/** Rows of nodes and positions, for tests of who has to be waited for. */

import type { Position } from '@countersign/verifier/revocation/position';
import type { NodeList, NodeRow } from '../../src/revocation/propagation/liveNodes.ts';

export const leaseMs = 5_000;
export const history = 'history one';

/** Everything below `next` was over. */
export function upTo(next: number, of = history): Position {
  return { history: of, snapshot: `${next}:${next}:` };
}

export function nodeRow(id: string, renewal = 1, more: Partial<NodeRow> = {}): NodeRow {
  return { id, renewal, leaseMs, position: undefined, ...more };
}

export function nodeList(nodes: readonly NodeRow[], of = history): NodeList {
  return { history: of, nodes };
}
