/** A node that revokes: over a shared truth, and a bus and a copy that the test can break. */
import { randomBytes } from 'node:crypto';
import { AuthorityError } from '@countersign/verifier/errors';
import type { CommittedRevocations, EffectReport } from '@countersign/verifier/revocation/revocation';
import type { Announcement, DroppedFor } from '../../src/revocation/propagation/bus.ts';
import { createLiveNodes } from '../../src/revocation/propagation/liveNodes.ts';
import { createSharedEffect } from '../../src/revocation/propagation/sharedEffect.ts';
import { createDenyListNode, revoked } from './denyListNode.ts';
import { leaseMs, nodeRow } from './nodes.ts';
import { createSharedTruth } from './sharedTruth.ts';

/** `others`: the nodes that are registered. */
export function createRevokingNode(...others: readonly string[]) {
  const { clock, denyList, load } = createDenyListNode();
  const truth = createSharedTruth(clock.now);
  for (const id of others) truth.rows.set(id, nodeRow(id));
  const [announced, copied, faults, reports]: [Announcement[], number[], unknown[], EffectReport[]] = [
    [],
    [],
    [],
    [],
  ];
  const dropped: DroppedFor[] = [];
  const ports = {
    announce: async (_: Announcement): Promise<void> => {},
    add: async (): Promise<void> => {},
    caughtUp: (): Promise<void> | undefined => undefined,
  };
  const effect = createSharedEffect({
    self: 'self',
    leaseMs,
    denyList,
    subscribers: { caughtUp: () => ports.caughtUp() },
    bus: {
      announce(announcement) {
        announced.push(announcement);
        return ports.announce(announcement);
      },
    },
    copy: {
      add(revocations) {
        copied.push(revocations.length);
        return ports.add();
      },
    },
    nodes: truth.nodes,
    liveNodes: createLiveNodes({ self: 'self', leaseMs, clock }),
    clock,
    onEffect: (report) => void reports.push(report),
    onFault: (error) => void faults.push(error),
    onDropped: (why) => void dropped.push(why),
  });
  const acknowledge = (from: string, number = 1, history = truth.history) =>
    effect.onAcknowledgement({ to: 'self', number, from, history });
  const announce = (committed: CommittedRevocations = truth.commit(revoked(randomBytes(16)))) =>
    watched(effect.announce(committed));
  const looks = () => truth.steps.filter((step) => step === 'list').length;
  return {
    clock,
    denyList,
    load,
    truth,
    ports,
    announced,
    copied,
    faults,
    dropped,
    reports,
    effect,
    acknowledge,
    announce,
    looks,
  };
}

/** Node → outcome once it is in effect; until then that it waits, or the reason why it cannot be known. */
function watched(work: Promise<EffectReport>) {
  let state: string | Record<string, string> = 'waiting';
  const show = ({ nodes }: EffectReport) => Object.fromEntries(nodes.map(({ id, outcome }) => [id, outcome]));
  const settled = work.then(
    (report) => {
      state = show(report);
    },
    (error) => {
      state = error instanceof AuthorityError ? `${error.code} ${error.reason}` : `${error}`;
    },
  );
  return { now: () => state, work, settled };
}
