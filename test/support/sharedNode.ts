/** A node of many in the test's own process, over a real PostgreSQL and a real Redis; what it notices is noted. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '@countersign/verifier/clock';
import type {
  EffectReport,
  Revocation,
  RevocationSnapshots,
} from '@countersign/verifier/revocation/revocation';
import { createLatestTime } from '@countersign/verifier/steadyTime';
import type { Test } from 'tap';
import type { DroppedFor } from '../../src/revocation/propagation/bus.ts';
import type { OnProgress } from '../../src/revocation/propagation/loading.ts';
import { createRevocationNode } from '../../src/revocation/propagation/node.ts';
import { createBus, type RedisBus } from '../../src/storage/redis/bus.ts';
import { createKeys } from '../../src/storage/redis/keys.ts';
import { createProjection } from '../../src/storage/redis/projection.ts';
import { createSavedMemory, type RefusedFor } from '../../src/storage/redis/savedMemory.ts';
import { eventually } from './eventually.ts';
import { authentic, openTestRedis, sliceMs } from './sharedCopy.ts';
import type { openSharedDatabase } from './sharedDatabase.ts';

export const leaseOfSharedNodes = 2_000;

/** It has a lease and hears the others. */
export async function startSharedNode(
  t: Test,
  parts: {
    shared: Awaited<ReturnType<typeof openSharedDatabase>>;
    redisUrl: string;
    deployment: string;
  },
) {
  const { shared, redisUrl, deployment } = parts;
  const [id, redis, keys] = [randomUUID(), await openTestRedis(t, redisUrl), createKeys(deployment)];
  const dropped: DroppedFor[] = [];
  const refused: RefusedFor[] = [];
  const loads: Parameters<OnProgress>[0]['from'][] = [];
  const ports = shared.openNode(leaseOfSharedNodes);
  let reads = 0;
  const snapshots: RevocationSnapshots = {
    ...ports.snapshots,
    read(work) {
      reads += 1;
      return ports.snapshots.read(work);
    },
  };
  const opened: RedisBus[] = [];
  const onRefused = (why: RefusedFor) => void refused.push(why);
  const node = createRevocationNode({
    ...{ self: id, leaseMs: leaseOfSharedNodes, sliceMs, clock: systemClock },
    ...{ ...ports, snapshots, store: shared.database.revocations },
    copy: createProjection({ redis, keys, sliceMs }),
    saved: createSavedMemory({ redis, keys, authentic, onRefused }),
    openBus(listener) {
      const onDropped = (why: DroppedFor) => void dropped.push(why);
      const bus = createBus({ redis, keys, authentic, nodeId: id, listener, onDropped, onFault: () => {} });
      opened.push(bus);
      return bus;
    },
    latestTime: createLatestTime(systemClock, () => {}),
    events: {
      onVerdict() {},
      onEffect() {},
      onProgress: ({ from }) => void loads.push(from),
      onReconciled() {},
      onFault() {},
      onSubscriberSettled() {},
      onSubscriberBackoff() {},
      onMessageDropped: (why) => void dropped.push(why),
    },
  });
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await node.stop();
    for (const bus of opened) bus.close();
  };
  t.teardown(stop);
  await node.start();
  await eventually('it listens', () => opened.every((bus) => bus.listening()));

  return {
    ...{ id, keys, dropped, refused, loads, stop, denyList: node.denyList },
    /** How often it has read revocations from PostgreSQL. */
    reads: () => reads,
    /** As a logout does: committed, then in effect everywhere. */
    async revoke(revocations: readonly Revocation[]): Promise<EffectReport> {
      const mark = await shared.database.transaction(({ revocations: store }) =>
        store.record(revocations, Date.now()),
      );
      if (mark === undefined) throw new Error('nothing was recorded');
      return node.effect.announce({ revocations, mark });
    },
    /** What a check says: of a live subject `bloom` decides. */
    async says(subject: Uint8Array): Promise<string> {
      const { revoked, decidedBy } = await node.denyList.check([subject]);
      return `${revoked ? 'revoked' : 'not revoked'} by ${decidedBy}`;
    },
  };
}

export type SharedNode = Awaited<ReturnType<typeof startSharedNode>>;
