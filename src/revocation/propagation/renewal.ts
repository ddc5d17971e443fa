/**
 * Renews this node's lease. Three steps, and their order is the proof (docs/effect.md):
 *
 * 1. note the moment, then register: the row is committed;
 * 2. only then read every revocation that became visible since the last renewal, and apply it (`catchingUp.ts`);
 * 3. the lease is good from the moment that was noted.
 *
 * A node that revokes commits first, and looks for registered nodes after. Either that look comes after step 1 and finds this
 * node, or the commit came before step 2 and this node has read it.
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
  /** The error of the last renewals, when all of them failed. */
  fault(): unknown;
  /**
   * Resolves when a renewal that began after this call is done: what had been committed before the call is in memory.
   * Rejects when it failed; the lease then goes on as long as it was good.
   */
  renew(): Promise<void>;
  /** Renews from now on, and reports failures. */
  start(onFault: (error: unknown) => void): void;
  /** The history of the database in the last renewal. Memory may still be of another one. */
  history(): string | undefined;
  /** Memory has everything up to here; undefined before it was loaded, and while it is of another history. */
  position(): Position | undefined;
  /** How many revocations were read in renewals. Those of a load or of a message are not counted. */
  rowsRead(): number;
  /** Gives the lease back, so that nobody waits for this node; unless one of its subscribers still holds one. */
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
  /** By which tokens are judged to have expired. */
  latestTime: ReadLatestTime;
  clock: Clock;
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
    const list = await nodes.register({ id: self, renewal: number, leaseMs: lease.milliseconds });
    const others = liveNodes.observe(list);
    history = list.history;
    const position = await memory.catchUp(list.history);
    if (stopped) return;
    if (watched.trusted()) lease.hold(from);
    // The database's clock may have run ahead together with this one.
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
      // First, since no node waits for this one once the row is gone.
      lease.drop();
      await renew().catch(() => {});
      // A subscriber that could not be reached goes on until its lease ends. With the row, other nodes wait for that.
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
