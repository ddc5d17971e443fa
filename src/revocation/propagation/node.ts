/**
 * One node of many: its deny-list, the lease under which it answers from memory, and the effect of what it revokes.
 * Everything that reaches out of the process is a port, so that the same node runs in the simulation of the tests.
 *
 *   revokeAndPropagate → effect → bus ──────→ bus → listener → denyList ← check
 *                  ↑ acknowledgement ←──────┘       ↓      ↑
 *                  └ nodes (leases, reports) ← renewal ────┘
 *                                                   subscribers → streams to the services that keep a copy
 */
import type { Clock } from '@countersign/verifier/clock';
import { createConfirmation } from '@countersign/verifier/revocation/confirmation';
import { createDenyList, type DenyList, type OnVerdict } from '@countersign/verifier/revocation/denyList';
import { createLease } from '@countersign/verifier/revocation/lease';
import type { Position } from '@countersign/verifier/revocation/position';
import type { Projection } from '@countersign/verifier/revocation/projection';
import type {
  Effect,
  EffectReport,
  Revocation,
  RevocationSnapshots,
  RevocationStore,
} from '@countersign/verifier/revocation/revocation';
import type { ReadLatestTime } from '@countersign/verifier/steadyTime';
import { createSubscribers, type SubscriberEvents, type Subscribers } from '../subscribers/subscribers.ts';
import { createAnnouncementListener, type OnCanary } from './announcementListener.ts';
import type { Bus, BusListener, DroppedFor, NodeId } from './bus.ts';
import type { WatchedDatabase } from './catchingUp.ts';
import { createLiveNodes, type LiveNodes, type NodeStore } from './liveNodes.ts';
import { createLoad, type OnProgress } from './loading.ts';
import { createNodeTasks } from './nodeTasks.ts';
import type { Reconciliation } from './reconciler.ts';
import { createRenewal } from './renewal.ts';
import type { SavedMemory } from './savedMemory.ts';
import { createSharedEffect } from './sharedEffect.ts';

/** For metrics and the log. */
export interface NodeEvents extends SubscriberEvents {
  onVerdict: OnVerdict;
  onEffect(report: EffectReport): void;
  onProgress: OnProgress;
  onReconciled(reconciliation: Reconciliation): void;
  /** A part failed. It retries, or another part covers for it. */
  onFault(part: FaultyPart, error: unknown): void;
  /** Another node's message was dropped. */
  onMessageDropped(why: DroppedFor): void;
}

export type FaultyPart =
  | 'renewal'
  | 'announcement'
  | 'listener'
  | 'reconciler'
  | 'pruning'
  | 'saving'
  | 'report';

export interface RevocationNode {
  readonly denyList: DenyList;
  readonly effect: Effect;
  readonly subscribers: Subscribers;
  /** Loads memory, takes the first lease, then keeps both up to date. Rejects without a first lease. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** How long this node may answer from memory. */
  leaseRemainingMs(): number;
  /** Other nodes that may hold a lease. */
  otherNodes(): number;
  others: LiveNodes['others'];
  /** Memory has everything up to here. */
  position(): Position | undefined;
  /** For a doubted database: stops answering from memory. */
  dropLease(): void;
  /** The last error when recent renewals all failed. */
  renewalFault(): unknown;
  announceCanary(revocation: Revocation, history: string): void;
}

/** For a database without doubt. */
const trusting: WatchedDatabase = { trusted: () => true, verify: async () => {}, saw: () => {} };

export function createRevocationNode(parts: {
  self: NodeId;
  leaseMs: number;
  sliceMs: number;
  store: Pick<RevocationStore, 'find' | 'prune'>;
  nodes: NodeStore;
  /** For renewals. */
  snapshots: RevocationSnapshots;
  /** For loading memory, which may take long. */
  loadingSnapshots: RevocationSnapshots;
  /** For slow tasks that must not delay the lease. */
  slowSnapshots: RevocationSnapshots;
  copy: Projection;
  saved: SavedMemory;
  openBus: (listener: BusListener) => Bus;
  clock: Clock;
  /** The time by which this node judges token expiry. */
  latestTime: ReadLatestTime;
  watched?: WatchedDatabase;
  /** What this node says of itself, for operators. */
  report?: () => string | undefined;
  /** Called for each canary that another node announces. */
  onCanary?: OnCanary;
  events: NodeEvents;
}): RevocationNode {
  const { self, leaseMs, sliceMs, store, nodes, copy, saved, clock, latestTime, events } = parts;
  const { snapshots, loadingSnapshots, slowSnapshots, watched = trusting, onCanary = () => {} } = parts;
  const faultIn = (part: FaultyPart) => (error: unknown) => events.onFault(part, error);

  const lease = createLease({ clock, milliseconds: leaseMs });
  const liveNodes = createLiveNodes({ self, leaseMs, clock });
  const confirm = createConfirmation({ find: store.find, copy, clock });
  const subscribers = createSubscribers({
    slices: () => denyList.slices(),
    marks: () => denyList.marks(),
    nodeLease: lease,
    clock,
    events,
  });
  const { onVerdict } = events;
  const denyList = createDenyList({ lease, confirm, sliceMs, onVerdict, listener: subscribers });
  const { onProgress } = events;
  const load = createLoad({ denyList, snapshots: loadingSnapshots, saved, clock, sliceMs, onProgress });
  const renewing = { self, lease, nodes, liveNodes, snapshots, denyList, subscribers, load, watched };
  const renewal = createRenewal({
    ...renewing,
    latestTime,
    clock,
    report: parts.report ?? (() => undefined),
  });

  const bus = parts.openBus({
    onAnnouncement: (announcement) => listen(announcement),
    onAcknowledgement: (acknowledgement) => effect.onAcknowledgement(acknowledgement),
  });
  const onFault = faultIn('listener');
  const { saw } = watched;
  const onDropped = events.onMessageDropped;
  const hearing = { self, denyList, renewal, subscribers, bus, onCanary, saw, onFault, onDropped };
  const listen = createAnnouncementListener(hearing);
  const telling = { self, leaseMs, denyList, subscribers, bus, copy, nodes, liveNodes, clock };
  const effect = createSharedEffect({
    ...telling,
    onEffect: events.onEffect,
    onFault: faultIn('announcement'),
    onDropped,
  });

  const tasks = createNodeTasks({
    ...{ store, copy, saved, denyList, renewal, clock, faultIn },
    snapshots: slowSnapshots,
    trusted: () => watched.trusted(),
    onReconciled: (reconciliation) => events.onReconciled(reconciliation),
  });

  return {
    denyList,
    effect,
    subscribers,

    async start() {
      // Loading may outlast a lease; the renewal after it is quick.
      do await renewal.renew();
      while (!lease.held() && watched.trusted());
      renewal.start(faultIn('renewal'));
      tasks.start();
    },

    async stop() {
      tasks.stop();
      subscribers.close();
      await renewal.stop();
    },

    leaseRemainingMs: lease.remainingMs,
    otherNodes: liveNodes.count,
    others: liveNodes.others,
    position: renewal.position,
    dropLease: lease.drop,
    renewalFault: renewal.fault,
    announceCanary: effect.announceCanary,
  };
}
