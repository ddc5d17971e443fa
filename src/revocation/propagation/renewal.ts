/**
 * Renews this node's lease. Three steps, and their order is the proof (docs/effect.md):
 *
 * 1. note the moment, then register: the row is committed;
 * 2. only then read every revocation that became visible since the last renewal, and apply it;
 * 3. the lease is good from the moment that was noted.
 *
 * Who revokes commits first and looks for registered nodes after. Either that look comes after step 1 and finds this node,
 * or the commit came before step 2 and this node has read it.
 */
import type { Cancel, Clock } from '@countersign/verifier/clock';
import type { DenyList } from '@countersign/verifier/revocation/denyList';
import type { Lease } from '@countersign/verifier/revocation/lease';
import { HistoryError, type Position } from '@countersign/verifier/revocation/position';
import type { Revocation, RevocationSnapshots } from '@countersign/verifier/revocation/revocation';
import { createEarliestTime, forgetting, type ReadLatestTime } from '@countersign/verifier/steadyTime';
import { coalesce } from '../../platform/queues/coalesce.ts';
import type { Subscribers } from '../subscribers/subscribers.ts';
import type { NodeId } from './bus.ts';
import { propagationLimits } from './limits.ts';
import type { LiveNodes, NodeStore, Others } from './liveNodes.ts';
import type { Load } from './loading.ts';

/** Whether the database may be believed: see truth/truth.ts. */
export interface WatchedDatabase {
  trusted(): boolean;
  /** Compares the database with what was seen of it. Rejects when it could not be asked. */
  verify(): Promise<void>;
  /** These are committed, whoever did it: a database without them is older than what was seen. */
  saw(revocations: readonly Revocation[]): void;
}

export interface Renewal {
  /** Why renewals fail, when the last ones did. */
  fault(): unknown;
  /**
   * Resolves when a renewal that began after this call is done: what had been committed before the call is in memory.
   * Rejects when it failed; the lease then goes on as long as it was good.
   */
  renew(): Promise<void>;
  /** Renews from now on, and tells what goes wrong. */
  start(onFault: (error: unknown) => void): void;
  /** Of the database, as the last renewal found it; memory may not have come to it yet. */
  history(): string | undefined;
  /** What memory surely covers; undefined while that is of another history, or nothing. */
  position(): Position | undefined;
  /** How many revocations were read in renewals: what a load reads, and what is said by others, is not counted. */
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
  const { self, lease, nodes, liveNodes, snapshots, denyList, subscribers, load, watched } = parts;
  const { latestTime, clock } = parts;
  const earliestTime = createEarliestTime(clock);
  let number = 0;
  let history: string | undefined;
  let position: Position | undefined;
  let rowsRead = 0;
  /** What was read last has not been reported yet. */
  let unreported = false;
  /** The last that this node has read and its subscribers know, and the renewal in which it was read. */
  let known: { readonly read: Position; readonly renewal: number } | undefined;
  let stopped = false;
  let failed: { readonly times: number; readonly error: unknown } = { times: 0, error: undefined };
  let cancel: Cancel = () => {};
  let onFault: (error: unknown) => void = () => {};

  /** Step 2; answers whether there was anything to apply. */
  const readSince = async (since: Position): Promise<boolean> => {
    let rows = 0;
    position = await snapshots.read(async (snapshot) => {
      await snapshot.readSince(since, (page) => {
        denyList.add(page);
        watched.saw(page);
        rows += page.length;
      });
      return snapshot.position;
    });
    rowsRead += rows;
    return rows > 0;
  };

  /** What was read of another history says nothing about this one; should loading fail, memory is of none. */
  const forget = () => {
    lease.drop();
    position = undefined;
  };

  /** One at a time, so that none overtakes a later one. */
  const sendReport = coalesce(async () => {
    // Of another history it would be wrong.
    if (stopped || known === undefined || known.read.history !== position?.history) return;
    await nodes.report(self, known.read);
  });

  /**
   * For those who could not reach this node, or not hear it. Subscribers answer from memory as well: what this node has read is
   * reported when they know it, too. The lease does not wait for them.
   */
  const report = async (read: Position) => {
    const mine = number;
    const subscribersKnow = subscribers.caughtUp();
    const tell = async () => {
      // A later one says more.
      if (known !== undefined && known.renewal > mine) return;
      known = { read, renewal: mine };
      try {
        await sendReport();
      } catch (error) {
        unreported = true;
        throw error;
      }
    };
    if (subscribersKnow === undefined) return tell();
    void subscribersKnow.then(tell).catch(onFault);
  };

  const removeDead = async ({ nodes: others }: Others) => {
    const longDead = clock.monotonic() - propagationLimits.deadNodeMilliseconds;
    for (const { id, renewal, leaseEndsAt } of others) {
      if (leaseEndsAt < longDead) await nodes.remove(id, renewal);
    }
  };

  /** Where memory stands in this history. */
  const loadIfOther = async (history: string): Promise<Position> => {
    const isSame = position?.history === history;
    // Another history may be an earlier one; and while there is a doubt, an operator may have decided elsewhere.
    if (!isSame || !watched.trusted()) await watched.verify();
    if (isSame && position !== undefined) return position;
    forget();
    unreported = true;
    return load();
  };

  const renewOnce = async () => {
    if (stopped) return;
    const from = lease.moment();
    number += 1;
    const list = await nodes.register({ id: self, renewal: number, leaseMs: lease.milliseconds });
    const others = liveNodes.observe(list);
    history = list.history;
    position = await loadIfOther(list.history);
    const applied = await readSince(position).catch((error) => {
      if (error instanceof HistoryError) forget();
      throw error;
    });
    if (applied) unreported = true;
    if (stopped) return;
    if (watched.trusted()) lease.hold(from);
    // The database's clock may have run ahead together with this one.
    denyList.dropExpired(forgetting(Math.min(earliestTime(), list.databaseNow), latestTime));
    if (unreported) {
      unreported = false;
      await report(position);
    }
    await removeDead(others);
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
    position: () => position,
    fault: () => (failed.times >= propagationLimits.renewalFailures ? failed.error : undefined),
    history: () => history,
    rowsRead: () => rowsRead,

    start(report) {
      onFault = report;
      cancel = clock.every(propagationLimits.renewalMilliseconds, () => renew().catch(onFault));
    },

    async stop() {
      stopped = true;
      cancel();
      // First: once the row is gone, nobody waits.
      lease.drop();
      await renew().catch(() => {});
      // A subscriber that could not be told to stop goes on until its lease ends; others wait for that as for a dead node.
      if (subscribers.leases() === 0) await nodes.remove(self, number);
    },
  };
}
