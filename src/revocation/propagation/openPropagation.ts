/**
 * Opens this process's deny-list and propagation: alone on the embedded database, or as one of many nodes that share PostgreSQL
 * and Redis. The deny-list is the same in both.
 */
import type { Clock } from '@countersign/verifier/clock';
import { createConfirmation } from '@countersign/verifier/revocation/confirmation';
import { createDenyList, type DenyList, sliceLength } from '@countersign/verifier/revocation/denyList';
import type { Position } from '@countersign/verifier/revocation/position';
import type { Effect, Revocation, RevocationSnapshots } from '@countersign/verifier/revocation/revocation';
import { createEarliestTime, forgetting, type ReadLatestTime } from '@countersign/verifier/steadyTime';
import type { Database } from '../../database.ts';
import type { Config } from '../../platform/config/config.ts';
import { platformLimits } from '../../platform/limits.ts';
import type { FaultLog } from '../../platform/observability/faultLog.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { Metrics } from '../../platform/observability/metrics.ts';
import { pruneInBatches } from '../../platform/pruneInBatches.ts';
import type { SharedPorts } from '../../storage/sharedPorts.ts';
import type { CanaryReader } from '../../truth/proveTruth.ts';
import type { WatchedTruth } from '../../truth/verifyTruth.ts';
import { createSubscribers, type Subscribers } from '../subscribers/subscribers.ts';
import type { OnCanary } from './announcementListener.ts';
import type { BusListener } from './bus.ts';
import type { WatchedDatabase } from './catchingUp.ts';
import type { NodeReport, NodeState } from './liveNodes.ts';
import { loadFromStore } from './loading.ts';
import { createLocalEffect, type EarlierSubscribers } from './localEffect.ts';
import { createRevocationNode, type RevocationNode } from './node.ts';
import { nodeEvents, subscriberEvents } from './observedEvents.ts';
import { createRecentEffects, type RecentEffects, withRecent } from './recentEffects.ts';

export interface Propagation {
  readonly denyList: DenyList;
  readonly effect: Effect;
  readonly subscribers: Subscribers;
  readonly sliceMs: number;
  /** New for each run. */
  readonly nodeId: string;
  /** `ready`, or the reason it is not. */
  readonly revokedState: () => string;
  readonly recentEffects: RecentEffects;
  /** All nodes, this one first; alone, it needs no lease. */
  readonly nodes: () => readonly NodeState[];
  /** What other nodes can read of this one, with its renewals; undefined alone. */
  readonly reports?: NodeReports;
  /** Undefined without Redis. */
  readonly redisAvailable?: () => boolean;
  /** Whether memory may answer now. */
  readonly holdsLease: () => boolean;
  /** How the canary must read revocations in this mode. */
  readonly reading: Reading;
}

export interface NodeReports {
  /** From now on, this node's. */
  write(report: () => string): void;
  /** The last one of each node. */
  read(): Promise<readonly NodeReport[]>;
}

export interface Reading {
  readonly canaryReaders: readonly CanaryReader[];
  readonly position: () => Position | undefined;
  readonly announceCanary: (revocation: Revocation, history: string) => void;
  /** Stops answering from memory. */
  readonly dropLease: () => void;
}

interface Parts {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly onFault: FaultLog;
  /** The time by which token expiry is judged: forgotten revocations must stay expired. */
  readonly latestTime: ReadLatestTime;
  readonly database: Database;
  /** Undefined in embedded mode. */
  readonly openShared: (() => Promise<SharedPorts>) | undefined;
  readonly openEarlierSubscribers: () => Promise<EarlierSubscribers>;
  readonly nodeId: string;
  readonly watched: WatchedDatabase & Pick<WatchedTruth, 'saw'>;
  readonly onCanary: OnCanary;
  readonly closing: (() => Promise<void>)[];
}

/** Resolves when every live revocation is in memory. */
export async function openPropagation(parts: Parts): Promise<Propagation> {
  const { config, metrics: given, clock, openShared } = parts;
  const recentEffects = createRecentEffects(clock);
  const metrics = withRecent(given, recentEffects);
  const sliceMs = sliceLength(config.tokens.accessTtlMs);
  const revoked = await (openShared === undefined
    ? openAlone({ ...parts, metrics }, sliceMs)
    : openNode({ ...parts, metrics }, await openShared(), sliceMs));
  const effect: Effect = {
    ...revoked.effect,
    announce(committed) {
      parts.watched.saw(committed.revocations, committed.mark);
      return revoked.effect.announce(committed);
    },
  };
  const { stats } = revoked.denyList;
  metrics.gauge('countersign_deny_list_entries', 'Revocations in memory.', () => stats().entries);
  metrics.gauge('countersign_deny_list_bytes', 'Memory of the filters.', () => stats().bytes);
  metrics.gauge(
    'countersign_deny_list_fill',
    'Entries of the filters divided by their capacity, 0 to 1.',
    () => {
      const { entries, capacity } = stats();
      return capacity === 0 ? 0 : entries / capacity;
    },
  );
  const { subscribers } = revoked;
  metrics.gauge('countersign_edges_connected', 'Subscribers connected to this node.', subscribers.connected);
  metrics.gauge(
    'countersign_edge_leases',
    'Subscribers of this node that may answer from memory.',
    subscribers.leases,
  );
  return { ...revoked, effect, recentEffects };
}

type Opened = Omit<Propagation, 'recentEffects'>;

async function openAlone(parts: Parts, sliceMs: number): Promise<Opened> {
  const { config, clock, latestTime, log, metrics, database, nodeId, watched, closing } = parts;
  const { leaseMs } = config;
  const store = database.revocations;
  const confirm = createConfirmation({ find: store.find, clock });
  const earlierSubscribers = await parts.openEarlierSubscribers();
  const subscribers = createSubscribers({
    slices: () => denyList.slices(),
    marks: () => denyList.marks(),
    nodeLease: { remainingMs: () => (watched.trusted() ? leaseMs : 0) },
    clock,
    beforeFirst: earlierSubscribers.remember,
    events: subscriberEvents({ log, metrics }),
  });
  await watched.verify();
  const denyList = createDenyList({
    lease: { held: watched.trusted },
    confirm,
    sliceMs,
    onVerdict: metrics.check,
    listener: subscribers,
  });
  // A revocation skipped as expired must stay expired after a fast clock is corrected.
  const latestClock = { ...clock, now: () => latestTime() };
  const revocations = await loadFromStore({ denyList, store, clock: latestClock, sliceMs });
  log.debug({ revocations }, 'deny-list loaded');
  const earliestTime = createEarliestTime(clock);
  const stopForgetting = clock.every(platformLimits.pruneIntervalMilliseconds, async () => {
    denyList.dropExpired(forgetting(earliestTime(), latestTime));
    await pruneInBatches((rows) => store.prune(earliestTime(), rows)).catch((err) =>
      log.warn({ err }, 'expired revocations could not be deleted'),
    );
  });
  closing.push(async () => {
    stopForgetting();
    subscribers.close();
    await earlierSubscribers.close(subscribers.leases());
  });
  const onEffect = metrics.effect;
  const effect = createLocalEffect({ denyList, subscribers, earlierSubscribers, leaseMs, clock, onEffect });
  const revokedState = () => (denyList.loaded() ? 'ready' : 'loading');
  const reading: Reading = {
    canaryReaders: [
      { how: 'what is named', find: async (subject) => (await store.find([subject]))[0] },
      { how: 'what is live', find: (subject) => store.findLiveCanary(subject, clock.now()) },
    ],
    position: () => undefined,
    announceCanary: () => {},
    dropLease: () => {},
  };
  const nodes = () => [{ id: nodeId, leaseMs, leaseRemainingMs: watched.trusted() ? leaseMs : 0 }];
  const holdsLease = () => denyList.loaded() && watched.trusted();
  return {
    ...{ denyList, effect, subscribers, sliceMs, nodeId, revokedState, nodes, holdsLease, reading },
  };
}

async function openNode(parts: Parts, shared: SharedPorts, sliceMs: number): Promise<Opened> {
  const { config, clock, latestTime, metrics, database, closing } = parts;
  const { leaseMs } = config;
  const { nodeId: self, watched, onCanary } = parts;
  const events = nodeEvents(parts, self);
  closing.push(shared.close);
  const openBus = (listener: BusListener) => {
    const onFault = (error: Error) => events.onFault('listener', error);
    const bus = shared.createBus({ nodeId: self, listener, onDropped: metrics.busDropped, onFault });
    closing.push(async () => bus.close());
    metrics.gauge('countersign_bus_listening', '1 while messages from other nodes can arrive.', () =>
      Number(bus.listening()),
    );
    return bus;
  };
  const copy = shared.createCopy(sliceMs);
  const saved = shared.createSavedMemory(metrics.savedMemoryRefused);
  const { nodes, snapshots, loadingSnapshots, slowSnapshots } = shared;
  const store = database.revocations;
  const ports = { store, nodes, snapshots, loadingSnapshots, slowSnapshots, copy, saved, openBus };
  const report = createOwnReport((error) => events.onFault('report', error));
  const node = createRevocationNode({
    ...{ self, leaseMs, sliceMs, clock, latestTime, watched, onCanary, events },
    ...{ ...ports, report: report.text },
  });
  closing.push(node.stop);
  await node.start();

  const { denyList, effect, subscribers, leaseRemainingMs, otherNodes } = node;
  metrics.gauge(
    'countersign_lease_remaining_seconds',
    'How long this node may answer from memory.',
    () => leaseRemainingMs() / 1000,
  );
  metrics.gauge(
    'countersign_nodes_live',
    'Nodes that may hold a lease, including this one.',
    () => otherNodes() + Number(leaseRemainingMs() > 0),
  );
  metrics.gauge('countersign_redis_available', '1 while Redis answers.', () =>
    Number(shared.redisAvailable()),
  );
  const revokedState = () => {
    if (!denyList.loaded()) return 'loading';
    if (leaseRemainingMs() <= 0) return 'without a lease';
    return node.renewalFault() === undefined ? 'ready' : 'not renewed';
  };
  const byNode = (
    how: string,
    { read }: RevocationSnapshots,
    { follows }: { follows: boolean },
  ): CanaryReader => ({
    how,
    find: (subject, since) =>
      read(({ findCanary }) =>
        findCanary(subject, since === undefined || !follows ? { now: clock.now() } : { since }),
      ),
  });
  const reading: Reading = {
    canaryReaders: [
      { how: 'what is named', find: async (subject) => (await store.find([subject]))[0] },
      byNode('as a renewal does', snapshots, { follows: true }),
      byNode('as a start does', loadingSnapshots, { follows: false }),
      byNode('as the copy in Redis is made', slowSnapshots, { follows: false }),
    ],
    position: node.position,
    announceCanary: node.announceCanary,
    dropLease: node.dropLease,
  };
  const { redisAvailable } = shared;
  return {
    ...{ denyList, effect, subscribers, sliceMs, nodeId: self, revokedState, redisAvailable, reading },
    nodes: () => [{ id: self, leaseMs, leaseRemainingMs: leaseRemainingMs() }, ...othersOf(node, clock)],
    reports: { write: report.write, read: shared.nodeReports },
    holdsLease: () => denyList.loaded() && leaseRemainingMs() > 0,
  };
}

/** Only the console needs it: a fault of it must not cost the lease. */
function createOwnReport(onFault: (error: unknown) => void) {
  let report: () => string | undefined = () => undefined;
  return {
    write: (next: () => string) => {
      report = next;
    },
    text() {
      try {
        return report();
      } catch (error) {
        onFault(error);
        return undefined;
      }
    },
  };
}

function othersOf({ others }: RevocationNode, clock: Clock): readonly NodeState[] {
  const now = clock.monotonic();
  return others().map(({ id, leaseMs, leaseEndsAt }) => ({
    id,
    leaseMs,
    leaseRemainingMs: leaseEndsAt - now,
  }));
}
