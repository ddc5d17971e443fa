import type { DenyList } from '@countersign/verifier/revocation/denyList';
import { canaryReason, type Revocation } from '@countersign/verifier/revocation/revocation';
import type { Subscribers } from '../subscribers/subscribers.ts';
import type { Announcement, Bus, BusListener, DroppedFor, NodeId } from './bus.ts';
import type { Renewal } from './renewal.ts';

/** Node `from` says it has committed this canary. */
export type OnCanary = (from: NodeId, revocation: Revocation) => void;

/**
 * Handles other nodes' announcements. Acknowledges only when this node and all its subscribers know the revocations. Drops an
 * announcement of another database history than the last renewal's: the node that is behind learns of it with its next renewal.
 */
export function createAnnouncementListener(parts: {
  self: NodeId;
  denyList: Pick<DenyList, 'addCommitted'>;
  renewal: Pick<Renewal, 'renew' | 'history'>;
  subscribers: Pick<Subscribers, 'caughtUp'>;
  bus: Pick<Bus, 'acknowledge'>;
  onCanary?: OnCanary;
  /** Called with revocations committed by other nodes. */
  saw?: (revocations: readonly Revocation[]) => void;
  onFault: (error: unknown) => void;
  onDropped: (why: DroppedFor) => void;
}): BusListener['onAnnouncement'] {
  const { self, denyList, renewal, subscribers, bus, onCanary, onFault } = parts;
  return ({ from, number, history, revocations }: Announcement) => {
    // Canaries come before the history check: they must reveal a database with another history.
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
