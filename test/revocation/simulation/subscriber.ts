/**
 * A subscriber that does what the comments of WatchRevocations say, on a machine of its own: it checks tokens in its own
 * deny-list under the lease of its stream, and moves from node to node.
 */
import { type Moment, momentOf } from '@countersign/verifier/clock';
import { createDenyList, type DenyList, type Verdict } from '@countersign/verifier/revocation/denyList';
import { createLease, type Lease } from '@countersign/verifier/revocation/lease';
import type { ProjectedSlice } from '@countersign/verifier/revocation/projection';
import type { FeedEnd, FeedMessage, FeedRevocations } from '../../../src/revocation/subscribers/feed.ts';
import { subscriberLimits } from '../../../src/revocation/subscribers/limits.ts';
import { openStream, type StreamNode, type StreamSabotage, type StreamToNode } from './stream.ts';
import { createMachine, type Machine, type World } from './world.ts';

export interface SubscriberSabotage extends StreamSabotage {
  /** The subscriber counts a lease from when it arrived. */
  readonly leaseFromArrival?: boolean;
}

export interface SimulatedSubscriber {
  readonly machine: Machine;
  /** Undefined where it would have to ask a node: without a lease, or when its filters hit. */
  check(subjects: readonly Uint8Array[], issuedAt: number | undefined): Verdict | undefined;
  /** Something happens to its connection, or it moves. */
  disturb(): void;
  moves(): number;
}

/** What came on one stream, and is worth nothing without its lease. */
interface Mirror {
  readonly stream: StreamToNode;
  readonly denyList: DenyList;
  /** Undefined: none yet. */
  lease: Lease | undefined;
  position: number;
  number: number;
  heardAt: number;
  /** Nothing is sent or heard any more; the lease goes on. */
  over: boolean;
  readonly asked: Map<number, Moment>;
  readonly slices: ProjectedSlice[];
}

export function createSimulatedSubscriber(parts: {
  /** With the dice of the subscribers. */
  world: World;
  nodes: () => readonly StreamNode[];
  sliceMs: number;
  harshness: number;
  sabotage: SubscriberSabotage;
  onViolation: (what: string) => void;
}): SimulatedSubscriber {
  const { world, nodes, sliceMs, harshness, sabotage, onViolation } = parts;
  const machine = createMachine(world, world.between(0.9995, 1.0005));
  const { clock } = machine;
  /** The one that is followed, and the one that will take its place. */
  let current: Mirror | undefined;
  let next: Mirror | undefined;
  /** Streams that are over, whose leases may go on. */
  let past: Mirror[] = [];
  let moves = 0;

  const remaining = (mirror: Mirror) => mirror.lease?.remainingMs() ?? 0;

  const renew = (mirror: Mirror) => {
    mirror.number += 1;
    const { number } = mirror;
    mirror.asked.set(number, momentOf(clock));
    mirror.stream.send((subscriber) => subscriber.renew(number));
  };

  const onLease = (mirror: Mirror, number: number, leaseMs: number) => {
    const asked = mirror.asked.get(number);
    mirror.asked.delete(number);
    if (asked === undefined) return onViolation('protocol: an answer to nothing');
    if (leaseMs === 0) return;
    const lease = createLease({ clock, milliseconds: leaseMs });
    lease.hold(sabotage.leaseFromArrival ? momentOf(clock) : asked);
    if (lease.remainingMs() > remaining(mirror)) mirror.lease = lease;
    if (mirror === next && lease.held()) takeOver(mirror);
  };

  /** Make before break: the old one is left when the new one has a lease. */
  const takeOver = (mirror: Mirror) => {
    const left = current;
    current = mirror;
    next = undefined;
    if (left === undefined) return;
    left.over = true;
    left.lease = undefined;
    left.stream.send((subscriber) => subscriber.leave());
    moves += 1;
  };

  const onSnapshot = (mirror: Mirror, position: number) => {
    mirror.position = position;
    void mirror.denyList.load(async (memory) => memory.adopt(mirror.slices.splice(0)));
    renew(mirror);
  };

  const onRevocations = (mirror: Mirror, { position, revocations }: FeedRevocations) => {
    if (position <= mirror.position) onViolation('protocol: a position does not grow');
    mirror.position = position;
    mirror.denyList.add(revocations);
    const acknowledge = () => mirror.stream.send((subscriber) => subscriber.acknowledge(position));
    // Of several messages the last one is enough; this one may come late, too.
    if (world.oneIn(8)) clock.after(world.between(0, 60), acknowledge);
    else acknowledge();
  };

  const onMessage = (mirror: Mirror, message: FeedMessage) => {
    if (mirror.over) return;
    mirror.heardAt = clock.monotonic();
    if (message.kind === 'slice') mirror.slices.push(message.slice);
    if (message.kind === 'snapshot_end') onSnapshot(mirror, message.position);
    if (message.kind === 'revocations') onRevocations(mirror, message);
    if (message.kind === 'lease') onLease(mirror, message.number, message.leaseMs);
    if (message.kind === 'reconnect') move();
  };

  const onEnd = (mirror: Mirror, why: FeedEnd | 'refused' | 'broken') => {
    if (mirror.over) return;
    mirror.over = true;
    if (why === 'left') onViolation('protocol: it ended as if it had been left');
    if (mirror === next) next = undefined;
    if (mirror === current) {
      current = undefined;
      past = [...past.filter((other) => remaining(other) > 0), mirror];
    }
    if (current === undefined && next === undefined) clock.after(world.between(20, 400), connect);
  };

  const connect = () => {
    const node = world.pick(nodes());
    if (node === undefined || next !== undefined) return;
    const denyList = createDenyList({
      lease: { held: () => remaining(mirror) > 0 },
      // It asks a node, which is not what is looked at here.
      confirm: () => Promise.reject(new Error('asks')),
      sliceMs,
      onVerdict: () => {},
    });
    const stream = openStream({
      world,
      node,
      harshness,
      sabotage,
      onRefused: (error) => onViolation(`protocol: the node refused a message: ${error}`),
      client: {
        machine,
        onMessage: (message) => onMessage(mirror, message),
        onEnd: (why) => onEnd(mirror, why),
      },
    });
    const heardAt = clock.monotonic();
    const mirror: Mirror = {
      ...{ stream, denyList, lease: undefined, position: -1, number: 0, heardAt, over: false },
      ...{ asked: new Map(), slices: [] },
    };
    next = mirror;
  };

  const move = () => {
    if (current !== undefined && next === undefined) connect();
  };

  clock.every(subscriberLimits.subscriberRenewalMilliseconds, () => {
    for (const mirror of [current, next]) {
      if (mirror === undefined) continue;
      renew(mirror);
      if (clock.monotonic() - mirror.heardAt <= subscriberLimits.subscriberStreamSilenceMilliseconds)
        continue;
      mirror.stream.break({ subscriber: false, node: world.oneIn(2) });
      onEnd(mirror, 'broken');
    }
  });
  connect();

  return {
    machine,
    moves: () => moves,
    check(subjects, issuedAt) {
      const held = [...past, ...(current === undefined ? [] : [current])].filter((one) => remaining(one) > 0);
      const verdict = world.pick(held)?.denyList.check(subjects, issuedAt);
      if (!(verdict instanceof Promise)) return verdict;
      verdict.catch(() => {});
      return undefined;
    },
    disturb() {
      const what = world.pick(['breaks', 'breaks', 'is not heard', 'moves', 'moves'] as const);
      if (what === 'moves') machine.run(move);
      if (what === 'is not heard') current?.stream.lose();
      if (what === 'breaks') current?.stream.break({ subscriber: world.oneIn(2), node: world.oneIn(2) });
    },
  };
}
