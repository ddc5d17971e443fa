/** Waits until no other node can lack a revocation. */
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
  /** Checks whether the wait is over. */
  evaluate: () => void;
}

/** Rejects with `unavailable` when the commit may be lost, or when the nodes are unknown by `giveUpAt`. */
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
      // Evaluated without waiting for the query: a hanging one must not delay acknowledgements or the end of leases.
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

/** The outcome for each node, or why it is unknown. */
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
