/** Many nodes and guards, of their real modules, in a world whose time is a number. Links take their time; nothing fails. */
import { randomBytes } from 'node:crypto';
import type { RevocationNode } from '../../src/revocation/propagation/node.ts';
import { createDatabase, type DatabasePorts } from '../../test/revocation/simulation/database.ts';
import { openNode } from '../../test/revocation/simulation/node.ts';
import { createRedis } from '../../test/revocation/simulation/redis.ts';
import { createMachine, createWorld, type Link, type World } from '../../test/revocation/simulation/world.ts';
import { openGuard, type SimulatedGuard } from './guard.ts';

export interface FleetOptions {
  readonly nodes: number;
  /** Milliseconds of one way over a usual link. */
  readonly linkMs: number;
  /** Of the links: each node to PostgreSQL and to Redis, each guard to its node. */
  readonly slowShare: number;
  /** What one message of a guard's stream costs its node. */
  readonly messageMs: number;
}

export interface Fleet {
  /** Starts this many more, and waits until all have a lease. */
  addGuards(count: number): Promise<void>;
  /** From now on slow links take this long for one way; before, as long as the others. */
  slowDown(milliseconds: number): void;
  /** One, somewhere: milliseconds until it would be answered. Throws when a guard would accept the session's tokens then. */
  logout(): Promise<number>;
  /** Lets this time pass. */
  pass(milliseconds: number): Promise<void>;
  now(): number;
  /** Messages between nodes and guards so far. */
  messages(): number;
}

const [leaseMs, sliceMs] = [5_000, 120_000];
const lifetimeMs = 15 * 60_000;
/** Guards do not all begin at once. */
const arrivalMs = 1_000;
const settledMs = 3_000;

interface FleetNode {
  readonly node: RevocationNode;
  readonly database: DatabasePorts;
  readonly core: ReturnType<typeof createCore>;
}

export async function startFleet(options: FleetOptions): Promise<Fleet> {
  const world = createWorld(1);
  const links = createLinks(world, options);
  const start = createStart(world, links.open);
  const started = Promise.all(
    Array.from({ length: options.nodes }, (_, index) =>
      start(`node-${index}`, createCore(world, options.messageMs)),
    ),
  );
  await world.runUntil(settledMs);
  const nodes = await started;
  const guards: SimulatedGuard[] = [];
  const startGuard = () => {
    const { node, core } = nodes[guards.length % nodes.length] as FleetNode;
    const { clock } = createMachine(world, world.between(0.9995, 1.0005));
    guards.push(openGuard({ world, clock, core, sliceMs, node: node.subscribers, delay: links.open() }));
  };

  return {
    async addGuards(count) {
      for (let index = 0; index < count; index += 1)
        world.at(world.now() + world.between(0, arrivalMs), startGuard);
      await world.runUntil(world.now() + arrivalMs + settledMs);
      const without = guards.filter((guard) => !guard.leased()).length;
      if (without > 0) throw new Error(`${without} guards have no lease`);
    },
    slowDown: links.slowDown,
    async logout() {
      let outcome: PromiseSettledResult<number> | undefined;
      // At any moment of a renewal.
      const begun = new Promise<void>((resolve) => {
        world.at(world.now() + world.between(0, 100), resolve);
      });
      const done = begun.then(() => logout(world, world.pick(nodes) as FleetNode, guards));
      void Promise.allSettled([done]).then(([result]) => {
        outcome = result;
      });
      while (outcome === undefined) await world.runUntil(world.now() + 20);
      return done;
    },
    pass: (milliseconds) => world.runUntil(world.now() + milliseconds),
    now: world.now,
    messages: () => nodes.reduce((sum, { core }) => sum + core.messages(), 0),
  };
}

type Delay = () => number;

/** Returns the function that starts a node: all of them on one PostgreSQL and one Redis. */
function createStart(world: World, delayOf: () => Delay) {
  const database = createDatabase(world);
  const toNodes = new Map<string, Delay>();
  const redis = createRedis(world, sliceMs, (to) => [toNodes.get(to)?.() ?? 0]);
  return async (self: string, core: FleetNode['core']): Promise<FleetNode> => {
    const machine = createMachine(world, 1);
    const toRedis = healthy(delayOf());
    toNodes.set(self, toRedis.delay);
    const ports = database.ports(machine, healthy(delayOf()));
    const node = openNode(machine, ports, {
      ...{ self, leaseMs, sliceMs, nodes: ports.nodes, snapshots: ports.snapshots },
      copy: redis.copy(machine, toRedis),
      saved: redis.saved(machine, toRedis),
      openBus: redis.openBus(self, machine, toRedis),
    });
    await node.start();
    return { node, database: ports, core };
  };
}

async function logout(
  world: World,
  { node, database }: FleetNode,
  guards: readonly SimulatedGuard[],
): Promise<number> {
  const began = world.now();
  const subject = randomBytes(16);
  const revocations = [{ subject, reason: 'logout', expiresAt: Date.UTC(2030, 0, 1) + lifetimeMs }];
  const mark = await database.revoke(revocations);
  await node.effect.announce({ revocations, mark });
  const accepting = guards.filter((guard) => !guard.refuses(subject)).length;
  if (accepting > 0) throw new Error(`${accepting} guards accept what was logged out`);
  return world.now() - began;
}

/** Each is slow or not; its messages take somewhat different times. */
function createLinks(world: World, { linkMs, slowShare }: FleetOptions) {
  let slowMs = linkMs;
  return {
    open(): Delay {
      const isSlow = world.chance() < slowShare;
      return () => (isSlow ? slowMs : linkMs) * world.between(0.8, 1.2);
    },
    slowDown(milliseconds: number) {
      slowMs = milliseconds;
    },
  };
}

function healthy(delay: Delay): Link {
  const never = () => false;
  return { delay, cut: never, refused: never, answerLost: never, timeoutMs: 5_000, nap: () => 0 };
}

function createCore(world: World, messageMs: number) {
  let messages = 0;
  let freeAt = 0;
  return {
    messages: () => messages,
    take() {
      messages += 1;
      freeAt = Math.max(freeAt, world.now()) + messageMs;
      return freeAt;
    },
  };
}
