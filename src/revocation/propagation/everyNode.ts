/** Waits until no other node can be without a revocation. */
import type { Clock } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import type { NodeOutcome } from '@countersign/verifier/revocation/revocation';
import type { NodeId } from './bus.ts';
import { propagationLimits } from './limits.ts';
import type { Others } from './liveNodes.ts';
import type { WaitingForNodes } from './waitingForNodes.ts';

export interface PendingEffect {
  readonly history: string;
  readonly waiting: WaitingForNodes;
  /** Looks whether it is settled now. */
  evaluate: () => void;
}

/** Rejects with `unavailable` when the commit may be lost, or when the nodes are not known by `giveUpAt`. */
export type EveryNode = (mine: PendingEffect, giveUpAt: number) => Promise<ReadonlyMap<NodeId, NodeOutcome>>;

export function createEveryNode(parts: {
  readonly look: () => Promise<Others>;
  readonly clock: Clock;
  readonly onFault: (error: unknown) => void;
}): EveryNode {
  const { look, clock, onFault } = parts;
  return (mine, giveUpAt) =>
    new Promise((resolve, reject) => {
      const { waiting } = mine;
      const refresh = () =>
        look()
          .then((others) => {
            waiting.saw(others);
            mine.evaluate();
          })
          .catch(onFault);
      // Evaluated without waiting for the look: one that hangs must hold up neither acknowledgements nor the end of leases.
      const cancel = clock.every(propagationLimits.lookAgainMilliseconds, () => {
        void refresh();
        mine.evaluate();
      });
      mine.evaluate = () => {
        const state = stateOf(waiting, clock.monotonic(), giveUpAt);
        if (state === 'waiting') return;
        cancel();
        if (typeof state === 'object') resolve(state);
        else reject(new AuthorityError('unavailable', { retryAfterSeconds: 1, reason: state }));
      };
      void refresh();
    });
}

/** How it was settled with each node, or why it cannot be known. */
function stateOf(
  waiting: WaitingForNodes,
  now: number,
  giveUpAt: number,
): ReadonlyMap<NodeId, NodeOutcome> | 'waiting' | 'commit_may_be_lost' | 'nodes_unknown' {
  if (waiting.mayBeLost()) return 'commit_may_be_lost';
  const outcomes = waiting.settled(now);
  if (outcomes !== undefined) return outcomes;
  return waiting.hasSeen() || now < giveUpAt ? 'waiting' : 'nodes_unknown';
}
