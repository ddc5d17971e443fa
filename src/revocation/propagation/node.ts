/**
 * One node of many: its deny-list, the lease under which it answers from memory, and the effect of what it revokes.
 * Everything that reaches out of the process is a port, so that the same node runs in the simulation of the tests.
 *
 *   revokeAndPropagate → effect → bus ──────→ bus → listener → denyList ← check
 *                  ↑ acknowledgement ←──────┘       ↓      ↑
 *                  └ nodes (leases, reports) ← renewal ────┘
 *                                                   subscribers → streams to the services that keep a copy
 */
import type { Cancel, Clock } from '@countersign/verifier/clock';
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
import { createEarliestTime, type ReadLatestTime } from '@countersign/verifier/steadyTime';
import { platformLimits } from '../../platform/limits.ts';
import { pruneInBatches } from '../../platform/pruneInBatches.ts';
import { createSubscribers, type SubscriberEvents, type Subscribers } from '../subscribers/subscribers.ts';
import type { Bus, BusListener, DroppedFor, NodeId } from './bus.ts';
import { propagationLimits } from './limits.ts';
import { createLiveNodes, type NodeStore } from './liveNodes.ts';
import { createLoad, type OnProgress } from './loading.ts';
import { createReconciler, type Reconciliation } from './reconciler.ts';
import { createRenewal, type WatchedDatabase } from './renewal.ts';
import { createMemorySaver, type SavedMemory } from './savedMemory.ts';
import { createAnnouncementListener, createSharedEffect, type OnCanary } from './sharedEffect.ts';

/** What is worth counting or logging. */
export interface NodeEvents extends SubscriberEvents {
  onVerdict: OnVerdict;
  onEffect(report: EffectReport): void;
  onProgress: OnProgress;
  onReconciled(reconciliation: Reconciliation): void;
  /** A part failed and will try again, or another one makes up for it. */
  onFault(part: FaultyPart, error: unknown): void;
  /** A message of another node had no consequence. */
  onMessageDropped(why: DroppedFor): void;
}

export type FaultyPart = 'renewal' | 'announcement' | 'listener' | 'reconciler' | 'pruning' | 'saving';

export interface RevocationNode {
  readonly denyList: DenyList;
  readonly effect: Effect;
  readonly subscribers: Subscribers;
  /** Loads memory and takes the first lease; then keeps both up to date. Rejects when the first lease cannot be had. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** For how long it may answer from memory. */
  leaseRemainingMs(): number;
  /** Other nodes that may hold a lease. */
  otherNodes(): number;
  /** Up to where memory has everything. */
  position(): Position | undefined;
  /** The database may not be believed: from now on nothing is answered from memory. */
  dropLease(): void;
  /** Why renewals fail, when the last ones did. */
  renewalFault(): unknown;
  announceCanary(revocation: Revocation, history: string): void;
}

export function createRevocationNode(parts: {
  self: NodeId;
  leaseMs: number;
  sliceMs: number;
  store: Pick<RevocationStore, 'find' | 'prune'>;
  nodes: NodeStore;
  /** For the lease. */
  snapshots: RevocationSnapshots;
  /** For loading memory, which takes as long as it takes. */
  loadingSnapshots: RevocationSnapshots;
  /** For what may take long, and so must not keep the lease waiting. */
  slowSnapshots: RevocationSnapshots;
  copy: Projection;
  saved: SavedMemory;
  openBus: (listener: BusListener) => Bus;
  clock: Clock;
  /** By which the tokens of this node are judged to have expired. */
  latestTime: ReadLatestTime;
  watched?: WatchedDatabase;
  /** Told of each canary that another node announces. */
  onCanary?: OnCanary;
  events: NodeEvents;
}): RevocationNode {
  const {
    self,
    leaseMs,
    sliceMs,
    store,
    nodes,
    snapshots,
    loadingSnapshots,
    slowSnapshots,
    copy,
    saved,
    clock,
    events,
    latestTime,
    watched = { trusted: () => true, verify: async () => {}, saw: () => {} },
  } = parts;
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
  const renewal = createRenewal({ ...renewing, latestTime, clock });

  const bus = parts.openBus({
    onAnnouncement: (announcement) => listen(announcement),
    onAcknowledgement: (acknowledgement) => effect.onAcknowledgement(acknowledgement),
  });
  const onFault = faultIn('listener');
  const { onCanary = () => {} } = parts;
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

  const reconcile = createReconciler({ snapshots: slowSnapshots, copy, clock });
  const saveMemory = createMemorySaver({ saved, denyList, renewal, snapshots: slowSnapshots, clock });
  let reconcileAfter = Number.NEGATIVE_INFINITY;
  const reconcileOrWait = async () => {
    if (clock.monotonic() < reconcileAfter) return;
    reconcileAfter = clock.monotonic() + propagationLimits.reconcileRetryMilliseconds;
    const reconciliation = await reconcile();
    reconcileAfter = Number.NEGATIVE_INFINITY;
    events.onReconciled(reconciliation);
  };
  const earliestTime = createEarliestTime(clock);
  const timers: Cancel[] = [];
  const regularly = (milliseconds: number, part: FaultyPart, task: () => Promise<unknown>) =>
    timers.push(clock.every(milliseconds, () => task().then(() => {}, faultIn(part))));

  return {
    denyList,
    effect,
    subscribers,

    async start() {
      // Loading may take longer than a lease; what is renewed then is quick.
      do await renewal.renew();
      while (!lease.held() && watched.trusted());
      renewal.start(faultIn('renewal'));
      regularly(propagationLimits.reconcileMilliseconds, 'reconciler', reconcileOrWait);
      // What was read of a database that is doubted is nothing for others to begin with.
      regularly(propagationLimits.savedMemoryLookMilliseconds, 'saving', async () => {
        if (watched.trusted()) await saveMemory();
      });
      regularly(platformLimits.pruneIntervalMilliseconds, 'pruning', () =>
        slowSnapshots.readAlone('pruning', () => pruneInBatches((rows) => store.prune(earliestTime(), rows))),
      );
    },

    async stop() {
      for (const cancel of timers) cancel();
      subscribers.close();
      await renewal.stop();
    },

    leaseRemainingMs: lease.remainingMs,
    otherNodes: liveNodes.count,
    position: renewal.position,
    dropLease: lease.drop,
    renewalFault: renewal.fault,
    announceCanary: effect.announceCanary,
  };
}
