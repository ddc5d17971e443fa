/** A node as far as it concerns keys: its ring, its keeper and the flows that change keys, over a database of the test's. */
import { randomBytes } from 'node:crypto';
import type { Effect, Revocation } from '@countersign/verifier/revocation/revocation';
import type { Database } from '../../src/database.ts';
import { createKeepKeyRing } from '../../src/keys/keepKeyRing.ts';
import { type KeyPolicy, keyPolicy } from '../../src/keys/keyPolicy.ts';
import { createKeyRing } from '../../src/keys/keyRing.ts';
import { createListKeys } from '../../src/keys/listKeys.ts';
import { createRevokeKey } from '../../src/keys/revokeKey.ts';
import { createRingKeeper } from '../../src/keys/ringKeeper.ts';
import { createRotateKey } from '../../src/keys/rotateKey.ts';
import { createSealing, type Sealing } from '../../src/platform/sealing.ts';
import { createManualClock, type ManualClock } from './manualClock.ts';
import { createMemoryDatabase } from './memoryDatabase.ts';

const minute = 60_000;
export const startOfKeys = Date.UTC(2030, 0, 1);
export const operator = { name: 'operator' };

/** A key signs for ten minutes; short enough to let its timers run through several rotations. */
export const quickPolicy = keyPolicy({
  rotationIntervalMs: 10 * minute,
  jwksMaxAgeMs: minute,
  accessTtlMs: 2 * minute,
});

/** What has been brought into effect, in order; while there is a fault, nothing is. */
export function createToldEffect() {
  const told: Revocation[][] = [];
  const effect: Effect & { fault: Error | undefined } = {
    fault: undefined,
    longestMs: () => 10_000,
    suspect: () => {},
    async announce({ revocations }) {
      if (effect.fault !== undefined) throw effect.fault;
      told.push([...revocations]);
      return { effectAt: 0, milliseconds: 0, nodes: [] };
    },
  };
  return { effect, told };
}

export function createKeyNode(parts: {
  database: Database;
  clock: ManualClock;
  sealing: Sealing;
  policy?: KeyPolicy;
  effect?: Effect;
}) {
  const { database, clock, sealing, policy = quickPolicy, effect = createToldEffect().effect } = parts;
  const faults: unknown[] = [];
  const keyRing = createKeyRing({ sealing, clock, policy });
  const keep = createKeepKeyRing({ database, sealing, policy, clock });
  const ringKeeper = createRingKeeper({
    keep,
    keyRing,
    policy,
    clock,
    onFault: (fault) => faults.push(fault),
  });
  const keys = { database, sealing, policy, keyRing, ringKeeper, clock, effect };
  return {
    keep,
    keyRing,
    ringKeeper,
    faults,
    rotateKey: createRotateKey(keys),
    revokeKey: createRevokeKey(keys),
    listKeys: createListKeys({ database }),
  };
}

/** Some nodes on one database in memory, whose clock is that of the nodes; none has looked yet. */
export function createKeyNodes(count: number) {
  const clock = createManualClock(startOfKeys);
  const database = createMemoryDatabase(clock.now);
  const sealing = createSealing(randomBytes(32));
  const { effect, told } = createToldEffect();
  const nodes = Array.from({ length: count }, () => createKeyNode({ database, clock, sealing, effect }));
  return {
    clock,
    database,
    sealing,
    effect,
    told,
    nodes: nodes as [ReturnType<typeof createKeyNode>, ...typeof nodes],
    /** Each node looks now. */
    look: () => Promise.all(nodes.map(({ ringKeeper }) => ringKeeper.reload())),
    row: (kid: string) => database.contents().keys.find((key) => key.kid === kid),
    kidIn: (state: string) => database.contents().keys.find((key) => key.state === state)?.kid ?? '',
    /** The audit trail in words, each key by the order in which it was first spoken of. */
    trail() {
      const names: string[] = [];
      return database.contents().events.map(({ type, actor, reason = '' }) => {
        if (!names.includes(reason)) names.push(reason);
        return `${actor.name}: ${type} ${names.indexOf(reason) + 1}`;
      });
    },
  };
}
