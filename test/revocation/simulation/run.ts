/**
 * One run: nodes that are the real ones, clients that revoke and check all the time, faults of every kind, and a witness
 * who knows what was acknowledged when.
 */

import type { Verdict } from '@countersign/verifier/revocation/denyList';
import { markAt } from '@countersign/verifier/revocation/issuedBefore';
import { propagationLimits } from '../../../src/revocation/propagation/limits.ts';
import type { RevocationNode } from '../../../src/revocation/propagation/node.ts';
import { createDatabase, type DatabasePorts } from './database.ts';
import { openNode } from './node.ts';
import { createRedis } from './redis.ts';
import { type Sabotage, tamperWithBus, tamperWithDatabase } from './sabotage.ts';
import { createWatchers } from './watchers.ts';
import { createDice, createMachine, createWorld, type Link, type Machine, type World } from './world.ts';

export interface Outcome {
  readonly violations: readonly string[];
  readonly acknowledged: number;
  readonly unknown: number;
  readonly checks: number;
  readonly unavailable: number;
  /** Of those whose writer was awake all the time. */
  readonly longestAcknowledgementMs: number;
  readonly loadsFromCopy: number;
  readonly crashes: number;
  /** Checks that subscribers answered from memory. */
  readonly subscriberAnswers: number;
  /** Subscribers that left one node for another. */
  readonly moves: number;
}

interface SimulatedNode {
  readonly id: string;
  readonly machine: Machine;
  readonly node: RevocationNode;
  readonly subscribers: RevocationNode['subscribers'];
  readonly database: DatabasePorts;
  readonly whenStopped: () => void;
  /** Until when it is cut off. */
  readonly cuts: { database: number; redis: number };
  started: boolean;
}

interface Session {
  readonly subject: Buffer;
  readonly token: Buffer;
  /** Of one that is not revoked by itself: a mark refuses it, with all that were issued before. */
  readonly issuedAt?: number;
  revokedAt?: number;
  acknowledgedAt?: number;
}

const sliceMs = 60_000;

/** How long a run lasts in its own time. */
export const runMs = 6_000;

export async function simulate(seed: number, lastsMs: number, sabotage: Sabotage = {}): Promise<Outcome> {
  const world = createWorld(seed);
  const subscriberWorld: World = { ...world, ...createDice(seed + 1_000_000) };
  const liarWorld: World = { ...world, ...createDice(seed + 2_000_000) };
  const database = createDatabase(world, sabotage);
  const redis = createRedis(world, sliceMs);
  const leaseMs = world.pick([1_000, 1_000, 2_000, 5_000]) ?? 1_000;
  const size = world.pick([2, 3, 3, 4]) ?? 3;
  /** How hard this run is: none to many faults. */
  const harshness = world.pick([0, 0.3, 1, 1, 2]) ?? 1;
  const outages = { database: 0, redis: 0 };
  const violations: string[] = [];
  const totals = { acknowledged: 0, unknown: 0, checks: 0, unavailable: 0, longest: 0, crashes: 0 };
  const nodes: SimulatedNode[] = [];
  const sessions: Session[] = [];
  let bytes = 0;

  const link = (cuts: SimulatedNode['cuts'], to: 'database' | 'redis', timeoutMs: number): Link => ({
    delay: () => (world.oneIn(50) ? world.between(0, 400 * harshness) : world.between(0.1, 3)),
    cut: () => world.now() < Math.max(cuts[to], outages[to]),
    refused: () => world.chance() < 0.01 * harshness,
    answerLost: () => world.chance() < 0.01 * harshness,
    timeoutMs,
    nap: () => (world.chance() < 0.001 * harshness ? world.between(100, leaseMs) : 0),
  });

  const startNode = (): SimulatedNode => {
    bytes += 1;
    const id = `node-${bytes}`;
    const rate = sabotage.slowClock && nodes.length === 1 ? 0.5 : world.between(0.9995, 1.0005);
    const machine = createMachine(world, rate);
    const cuts = { database: 0, redis: 0 };
    const ports = database.ports(machine, link(cuts, 'database', Math.max(leaseMs / 2, 500)));
    const toRedis = link(cuts, 'redis', 250);
    const others = () => nodes.map((other) => other.id);
    const openBus = tamperWithBus(redis.openBus(id, machine, toRedis), id, others, sabotage);
    const { whenStopped, ...tampered } = tamperWithDatabase(ports, id, sabotage);
    const node = openNode(machine, ports, {
      ...{ self: id, leaseMs, sliceMs },
      ...tampered,
      copy: redis.copy(machine, toRedis),
      saved: redis.saved(machine, toRedis),
      openBus,
    });
    const { subscribers } = node;
    const simulated = { id, machine, node, subscribers, database: ports, whenStopped, cuts, started: false };
    const tryToStart = () => {
      if (!machine.alive()) return;
      node.start().then(
        () => {
          simulated.started = true;
        },
        () => void machine.clock.after(500, tryToStart),
      );
    };
    tryToStart();
    return simulated;
  };

  const reachable = () =>
    nodes.filter(({ machine, started }) => started && machine.alive() && !machine.asleep());

  const login = () => {
    bytes += 1;
    const subject = Buffer.alloc(16);
    subject.writeUInt32BE(bytes, 12);
    const issuedAt = bytes % 10 === 0 ? { issuedAt: Date.UTC(2030, 0, 1) + bytes } : {};
    sessions.push({ subject, token: Buffer.concat([subject, Buffer.alloc(11, 1)]), ...issuedAt });
  };

  const witness = (session: Session, startedAt: number, by: string, { revoked, decidedBy }: Verdict) => {
    totals.checks += 1;
    const { acknowledgedAt } = session;
    if (!revoked && acknowledgedAt !== undefined && acknowledgedAt <= startedAt) {
      violations.push(
        `I1: at ${startedAt.toFixed(1)} ${by} said "not revoked" (${decidedBy}) of what was acknowledged at ${acknowledgedAt.toFixed(1)}`,
      );
    }
    if (revoked && session.revokedAt === undefined)
      violations.push(`I4: ${by} called a live session revoked`);
  };

  const check = () => {
    const by = world.pick(reachable());
    const session = world.pick(sessions.slice(-12));
    if (by === undefined || session === undefined) return;
    const startedAt = world.now();
    const answer = (verdict: Verdict) => witness(session, startedAt, by.id, verdict);
    const verdict = by.node.denyList.check([session.token, session.subject], session.issuedAt);
    if (!(verdict instanceof Promise)) return answer(verdict);
    verdict.then(answer, () => {
      totals.unavailable += 1;
    });
  };

  const logout = () => {
    const by = world.pick(reachable());
    const session = world.pick(sessions.filter(({ revokedAt }) => revokedAt === undefined));
    if (by === undefined || session === undefined) return;
    const { subject, issuedAt } = session;
    const covered = sessions.filter(
      (other) => other === session || (other.issuedAt ?? Infinity) <= (issuedAt ?? 0),
    );
    for (const each of covered) each.revokedAt ??= world.now();
    const row = { subject, reason: 'logout', expiresAt: Date.UTC(2030, 0, 1, 1) };
    const revocations = [issuedAt === undefined ? row : markAt(issuedAt)];
    const run = async () => {
      const mark = await by.database.revoke(revocations);
      const committedAt = world.now();
      const slept = by.machine.slept();
      await by.node.effect.announce({ revocations, mark });
      for (const each of covered) each.acknowledgedAt ??= world.now();
      totals.acknowledged += 1;
      if (!revocations.every((each) => database.committed(each.subject)))
        violations.push('I2: acknowledged and not in the database');
      const took = world.now() - committedAt;
      if (by.machine.slept() > slept) return;
      totals.longest = Math.max(totals.longest, took);
      if (took > leaseMs + 1_000) violations.push(`I3: an acknowledgement took ${took.toFixed(0)} ms`);
    };
    run().catch(() => {
      totals.unknown += 1;
    });
  };

  const faults: (() => void)[] = [
    () => world.pick(reachable())?.machine.sleep(world.between(100, 3 * leaseMs)),
    () => {
      const victim = world.pick(nodes);
      if (victim === undefined) return;
      victim.machine.crash();
      totals.crashes += 1;
      world.at(world.now() + world.between(50, 3_000), () => {
        nodes[nodes.indexOf(victim)] = startNode();
      });
    },
    () => cut(world, world.pick(nodes)?.cuts, 'database', leaseMs),
    () => cut(world, world.pick(nodes)?.cuts, 'redis', leaseMs),
    // On its own, with nothing but its lease.
    () => {
      const alone = world.pick(nodes)?.cuts;
      cut(world, alone, 'database', leaseMs);
      cut(world, alone, 'redis', leaseMs);
    },
    () => cut(world, outages, 'database', leaseMs),
    () => cut(world, outages, 'redis', 2 * leaseMs),
    database.crash,
    // Where that is looked for: it takes a crash in the few moments in which an id is used again.
    ...(sabotage.hidesCrashes ? Array.from({ length: 12 }, () => database.crash) : []),
    redis.flush,
    redis.setBack,
    () => world.pick(nodes)?.machine.stepWallClock(world.between(-60_000, 60_000)),
    // A graceful stop, and a new node in its place.
    () => {
      const leaving = world.pick(reachable());
      if (leaving === undefined) return;
      leaving.started = false;
      const stop = async () => {
        // Who is in a hurry does not wait for subscribers to leave.
        if (subscriberWorld.oneIn(2)) await leaving.subscribers.drain(0);
        await leaving.node.stop();
        leaving.whenStopped();
      };
      stop().catch(() => {});
      world.at(world.now() + world.between(50, 500), () => {
        nodes[nodes.indexOf(leaving)] = startNode();
      });
    },
  ];

  const oftenWith = (dice: World) => (meanMs: number, act: () => void) => {
    const next = () =>
      world.at(world.now() + dice.between(0, 2 * meanMs), () => {
        act();
        next();
      });
    next();
  };
  const often = oftenWith(world);
  while (nodes.length < size) nodes.push(startNode());
  often(60, login);
  often(90, logout);
  often(12, check);
  if (harshness > 0) often(1_000 / harshness, () => world.pick(faults)?.());
  // Beside all of that, and by dice of their own.
  const lies = [redis.replayMemory, redis.replayMessages];
  if (harshness > 0) oftenWith(liarWorld)(2_000 / harshness, () => liarWorld.pick(lies)?.(liarWorld));
  const watchers = createWatchers({
    world: subscriberWorld,
    count: sabotage.subscribers ?? subscriberWorld.pick([0, 0, 0, 2, 3]) ?? 0,
    nodes: () => nodes,
    ...{ sliceMs, leaseMs, harshness, often: oftenWith(subscriberWorld) },
    sabotage: { ...sabotage, longGrants: sabotage.longGrants ? leaseMs : undefined },
    pickSession() {
      const session = subscriberWorld.pick(sessions.slice(-12));
      if (session === undefined) return undefined;
      return { session, subjects: [session.token, session.subject], issuedAt: session.issuedAt };
    },
    onVerdict: witness,
    onViolation: (what) => void violations.push(what),
  });
  await world.runUntil(lastsMs);

  return {
    violations,
    acknowledged: totals.acknowledged,
    unknown: totals.unknown,
    checks: totals.checks,
    unavailable: totals.unavailable,
    longestAcknowledgementMs: totals.longest,
    loadsFromCopy: redis.loads(),
    crashes: totals.crashes,
    subscriberAnswers: watchers.answers(),
    moves: watchers.moves(),
  };
}

function cut(
  world: World,
  cuts: SimulatedNode['cuts'] | undefined,
  what: 'database' | 'redis',
  leaseMs: number,
) {
  if (cuts !== undefined)
    cuts[what] = world.now() + world.between(100, 2 * leaseMs + propagationLimits.renewalMilliseconds);
}
