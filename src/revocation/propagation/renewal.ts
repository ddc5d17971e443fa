/**
 * Renews this node's lease. The order of the three steps is the proof (docs/effect.md): 1. note the time, then register: the row
 * is committed; 2. only then read every revocation that became visible since the last renewal, and apply it (`catchingUp.ts`); 3.
 * the lease runs from the noted time. A node that revokes commits first, then looks for registered nodes. Either it looks after
 * step 1 and finds this node, or it committed before step 2 and this node has read it.
 */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { Lease } from '@countersign/verifier/revocation/lease';
import type { Position } from '@countersign/verifier/revocation/position';
import type { RevocationSnapshots } from '@countersign/verifier/revocation/revocation';
import { createEarliestTime, forgetting, type ReadLatestTime } from '@countersign/verifier/steadyTime';
import { coalesce } from '../../platform/queues/coalesce.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';
import type { NodeId } from './bus.ts';
import { createCatchingUp, type WatchedDatabase } from './catchingUp.ts';
import { propagationLimits } from './limits.ts';
import type { LiveNodes, NodeStore, Others } from './liveNodes.ts';
import type { Load } from './loading.ts';
import { createRenewalReports } from './renewalReports.ts';

export interface Renewal {
  /** The last error when recent renewals all failed. */
  fault(): unknown;
  /**
   * Resolves when a renewal begun after this call is done: commits before the call are in memory. Rejects when it failed; the
   * current lease keeps its end.
   */
  renew(): Promise<void>;
  /** Renews regularly and reports failures. */
  start(onFault: (error: unknown) => void): void;
  /** The database's history at the last renewal. Memory may belong to another one. */
  history(): string | undefined;
  /** Memory has everything up to here; undefined before loading, and while memory belongs to another history. */
  position(): Position | undefined;
  /** Revocations read in renewals, without loads and messages. */
  rowsRead(): number;
  /** Gives the lease back so that nobody waits for this node, unless one of its subscribers still holds a lease. */
  stop(): Promise<void>;
}

export function createRenewal(parts: {
  self: NodeId;
  lease: Lease;
  nodes: NodeStore;
  liveNodes: LiveNodes;
  snapshots: RevocationSnapshots;
  denyList: Pick<DenyList, 'add' | 'dropExpired'>;
  subscribers: Pick<Subscribers, 'caughtUp' | 'leases'>;
  load: Load;
  watched: WatchedDatabase;
  /** The time by which token expiry is judged. */
  latestTime: ReadLatestTime;
  clock: Clock;
  /** What this node says of itself, for operators. */
  report?: () => string | undefined;
}): Renewal {
  const { self, lease, nodes, liveNodes, denyList, subscribers, watched } = parts;
  const { latestTime, clock } = parts;
  const earliestTime = createEarliestTime(clock);
  let number = 0;
  let history: string | undefined;
  let stopped = false;
  let failed: { readonly times: number; readonly error: unknown } = { times: 0, error: undefined };
  let cancel: Cancel = () => {};
  let onFault: (error: unknown) => void = () => {};
  const reports = createRenewalReports({
    ...{ self, nodes, subscribers },
    history: () => memory.position()?.history,
    onFault: (error) => onFault(error),
  });
  const memory = createCatchingUp({ ...parts, onForgotten: lease.drop, onChanged: reports.becomeDue });

  const renewOnce = async () => {
    if (stopped) return;
    const from = lease.moment();
    number += 1;
    const list = await nodes.register({
      ...{ id: self, renewal: number, leaseMs: lease.milliseconds },
      report: parts.report?.(),
    });
    const others = liveNodes.observe(list);
    history = list.history;
    const position = await memory.catchUp(list.history);
    if (stopped) return;
    if (watched.trusted()) lease.hold(from);
    // Uses the database's clock too: this node's may be ahead.
    denyList.dropExpired(forgetting(Math.min(earliestTime(), list.databaseNow), latestTime));
    await reports.report(position, number);
    await removeDead(nodes, others, clock.monotonic());
  };

  const renew = coalesce(async () => {
    try {
      await renewOnce();
      failed = { times: 0, error: undefined };
    } catch (error) {
      failed = { times: failed.times + 1, error };
      throw error;
    }
  });

  return {
    renew,
    position: memory.position,
    fault: () => (failed.times >= propagationLimits.renewalFailures ? failed.error : undefined),
    history: () => history,
    rowsRead: memory.rowsRead,

    start(report) {
      onFault = report;
      cancel = clock.every(propagationLimits.renewalMilliseconds, () => renew().catch(onFault));
    },

    async stop() {
      stopped = true;
      reports.stop();
      cancel();
      // Must come first: once the row is gone, no node waits for this one.
      lease.drop();
      await renew().catch(() => {});
      // An unreachable subscriber holds its lease to the end. While the row exists, other nodes wait for it.
      if (subscribers.leases() === 0) await nodes.remove(self, number);
    },
  };
}

async function removeDead(
  nodes: Pick<NodeStore, 'remove'>,
  { nodes: others }: Others,
  now: number,
): Promise<void> {
  const longDead = now - propagationLimits.deadNodeMilliseconds;
  for (const { id, renewal, leaseEndsAt } of others) {
    if (leaseEndsAt < longDead) await nodes.remove(id, renewal);
  }
}
