/**
 * Effect over many nodes. The revocation is committed; then: look who may be answering from memory, tell them, and wait
 * for each to know it or for its lease to run out. What a message does not bring, the next renewal does, and the node's
 * report in the database says so.
 */
import { type Clock, withDeadline } from '@countersign/verifier/clock';
import { AuthorityError } from '@countersign/verifier/errors';
import { verifierLimits } from '@countersign/verifier/limits';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { Projection } from '@countersign/verifier/revocation/projection';
import {
  type CommittedRevocations,
  canaryReason,
  type Effect,
  type EffectReport,
  type NodeOutcome,
  type Revocation,
} from '@countersign/verifier/revocation/revocation';
import { coalesce } from '../../platform/queues/coalesce.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';
import type { Acknowledgement, Announcement, Bus, BusListener, DroppedFor, NodeId } from './bus.ts';
import { propagationLimits } from './limits.ts';
import type { LiveNodes, NodeStore } from './liveNodes.ts';
import type { Renewal } from './renewal.ts';
import { type WaitingForNodes, waitForNodes } from './waitingForNodes.ts';

/** A canary that node `from` says to have committed. */
export type OnCanary = (from: NodeId, revocation: Revocation) => void;

export interface SharedEffect extends Effect {
  /** Tells the other nodes of it, and waits for nobody. */
  announceCanary(revocation: Revocation, history: string): void;
  /** To be called for each acknowledgement of this node's announcements. */
  onAcknowledgement(acknowledgement: Acknowledgement): void;
}

interface Pending {
  readonly history: string;
  readonly waiting: WaitingForNodes;
  /** Looks whether it is settled now. */
  evaluate: () => void;
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
  /** The bus, the copy or a look failed; another way makes up for it. */
  onFault: (error: unknown) => void;
  onDropped: (why: DroppedFor) => void;
}): SharedEffect {
  const { self, denyList, bus, copy, subscribers, clock, onFault } = parts;
  const pending = new Map<number, Pending>();
  let last = 0;

  // Each look begins after it was asked for, and so after the commit of whoever asked.
  const look = coalesce(async () => parts.liveNodes.observe(await parts.nodes.list()));

  const tell = async (number: number, { revocations, mark }: CommittedRevocations) => {
    const few = revocations.length <= propagationLimits.announcedRevocations ? revocations : undefined;
    await Promise.all([
      // In the copy first: then whoever reads it directly knows as soon as any node does.
      few === undefined ? undefined : copy.add(few).catch(onFault),
      bus.announce({ from: self, number, history: mark.history, revocations: few }).catch(onFault),
    ]);
  };

  /** Resolves when no other node can be without the revocation. */
  const everyNode = (mine: Pending, giveUpAt: number): Promise<ReadonlyMap<NodeId, NodeOutcome>> =>
    new Promise((resolve, reject) => {
      const { waiting } = mine;
      const refresh = () =>
        look()
          .then((others) => {
            waiting.saw(others);
            mine.evaluate();
          })
          .catch(onFault);
      // A look that hangs keeps nobody from hearing acknowledgements, nor leases from running out.
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
      const mine: Pending = { history: mark.history, waiting, evaluate: () => {} };
      pending.set(number, mine);
      try {
        const told = tell(number, committed);
        const outcomes = await everyNode(
          mine,
          committedAt + parts.leaseMs + propagationLimits.lookAgainMilliseconds,
        );
        await ownSubscribers;
        // Nothing rests on it: who reads the copy directly is told as well, unless it does not answer.
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
      // One that comes late is no wonder: somebody else was waited for until then.
      if (mine === undefined) return;
      if (mine.history !== history) return parts.onDropped('other_history');
      mine.waiting.acknowledged(from);
      mine.evaluate();
    },
  };
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

/**
 * The other side: what a node does when another one announces. It says that it knows only when it does, and all its subscribers do.
 * Of a history that is not the one of its last renewal it believes nothing, and asks nothing either: whichever of the two is
 * behind learns of it with its next renewal.
 */
export function createAnnouncementListener(parts: {
  self: NodeId;
  denyList: Pick<DenyList, 'addCommitted'>;
  renewal: Pick<Renewal, 'renew' | 'history'>;
  subscribers: Pick<Subscribers, 'caughtUp'>;
  bus: Pick<Bus, 'acknowledge'>;
  onCanary?: OnCanary;
  /** Told of what others have committed. */
  saw?: (revocations: readonly Revocation[]) => void;
  onFault: (error: unknown) => void;
  onDropped: (why: DroppedFor) => void;
}): BusListener['onAnnouncement'] {
  const { self, denyList, renewal, subscribers, bus, onCanary, onFault } = parts;
  return ({ from, number, history, revocations }: Announcement) => {
    // Canaries first: another history may be that of another database, which is what they are for.
    const canaries = revocations?.filter(isCanary) ?? [];
    for (const canary of canaries) onCanary?.(from, canary);
    if (revocations !== undefined && canaries.length > 0 && canaries.length === revocations.length) return;
    if (history !== renewal.history()) return parts.onDropped('other_history');
    const acknowledge = () => bus.acknowledge({ to: from, number, from: self, history });
    const acknowledgeWithSubscribers = () => {
      const subscribersKnow = subscribers.caughtUp();
      if (subscribersKnow === undefined) acknowledge();
      else void subscribersKnow.then(acknowledge).catch(onFault);
    };
    if (revocations === undefined) {
      renewal.renew().then(acknowledgeWithSubscribers).catch(onFault);
      return;
    }
    const others = revocations.filter((each) => !isCanary(each));
    denyList.addCommitted(others);
    parts.saw?.(others);
    acknowledgeWithSubscribers();
  };
}

function isCanary({ reason }: Revocation): boolean {
  return reason === canaryReason;
}
