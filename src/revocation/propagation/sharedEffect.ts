/**
 * Propagation over many nodes. After a revocation's commit: find the nodes that may answer from memory, tell them, and wait until
 * each knows it or its lease has ended. A node that misses the message reads the revocation with its next renewal and reports
 * that in the database.
 */
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { verifierLimits } from '@countersign/verifier/limits';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { Projection } from '@countersign/verifier/revocation/projection';
import type {
  CommittedRevocations,
  Effect,
  EffectReport,
  Revocation,
} from '@countersign/verifier/revocation/revocation';
import { coalesce } from '../../platform/queues/coalesce.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';
import type { Acknowledgement, Bus, DroppedFor, NodeId } from './bus.ts';
import { createEveryNode, type PendingEffect } from './everyNode.ts';
import { propagationLimits } from './limits.ts';
import type { LiveNodes, NodeStore } from './liveNodes.ts';
import { waitForNodes } from './waitingForNodes.ts';

export interface SharedEffect extends Effect {
  /** Tells the other nodes without waiting. */
  announceCanary(revocation: Revocation, history: string): void;
  /** Call for each acknowledgement of this node's announcements. */
  onAcknowledgement(acknowledgement: Acknowledgement): void;
}

export function createSharedEffect(parts: {
  self: NodeId;
  leaseMs: number;
  denyList: Pick<DenyList, 'add' | 'addCommitted'>;
  bus: Pick<Bus, 'announce'>;
  copy: Pick<Projection, 'add'>;
  subscribers: Pick<Subscribers, 'caughtUp'>;
  nodes: Pick<NodeStore, 'list'>;
  liveNodes: Pick<LiveNodes, 'observe' | 'longestLeaseMs'>;
  clock: Clock;
  onEffect: (report: EffectReport) => void;
  /** The bus, the copy or a query failed. Another way covers for it. */
  onFault: (error: unknown) => void;
  onDropped: (why: DroppedFor) => void;
}): SharedEffect {
  const { self, denyList, bus, copy, subscribers, clock, onFault } = parts;
  /** By announcement number. */
  const pending = new Map<number, PendingEffect>();
  let last = 0;

  // The query begins after the call, and so after the caller's commit.
  const look = coalesce(async () => parts.liveNodes.observe(await parts.nodes.list()));
  const everyNode = createEveryNode({ look, clock, onFault });

  const tell = async (number: number, { revocations, mark }: CommittedRevocations) => {
    const few = revocations.length <= propagationLimits.announcedRevocations ? revocations : undefined;
    await Promise.all([
      // The copy first: its direct readers then know as soon as any node.
      few === undefined ? undefined : copy.add(few).catch(onFault),
      bus.announce({ from: self, number, history: mark.history, revocations: few }).catch(onFault),
    ]);
  };

  return {
    longestMs: () => parts.liveNodes.longestLeaseMs() + propagationLimits.effectBesidesLeaseMilliseconds,
    suspect: (revocations) => denyList.add(revocations),

    async announce(committed) {
      const { revocations, mark } = committed;
      const committedAt = clock.monotonic();
      denyList.addCommitted(revocations);
      const ownSubscribers = subscribers.caughtUp();
      last += 1;
      const number = last;
      const waiting = waitForNodes(mark, committedAt);
      const mine: PendingEffect = { history: mark.history, waiting, evaluate: () => {} };
      pending.set(number, mine);
      try {
        const told = tell(number, committed);
        const outcomes = await everyNode(
          mine,
          committedAt + parts.leaseMs + propagationLimits.lookAgainMilliseconds,
        );
        await ownSubscribers;
        // For direct readers of the copy. The guarantee does not need it, so a slow copy is not waited for.
        await withDeadline(clock, verifierLimits.copyMilliseconds, told, () => new Error('late')).catch(
          onFault,
        );
        const nodes = [...outcomes].map(([id, outcome]) => ({ id, outcome }));
        const report = { effectAt: clock.now(), milliseconds: clock.monotonic() - committedAt, nodes };
        parts.onEffect(report);
        return report;
      } finally {
        pending.delete(number);
      }
    },

    announceCanary(revocation, history) {
      last += 1;
      bus.announce({ from: self, number: last, history, revocations: [revocation] }).catch(onFault);
    },

    onAcknowledgement({ number, from, history }) {
      const mine = pending.get(number);
      // Late acknowledgements are normal: the lease ended or the report came first.
      if (mine === undefined) return;
      if (mine.history !== history) return parts.onDropped('other_history');
      mine.waiting.acknowledged(from);
      mine.evaluate();
    },
  };
}
