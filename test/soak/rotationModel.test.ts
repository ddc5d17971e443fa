/**
 * Random histories of a ring that two nodes share: time passes, the clock of the store steps by up to a year, settings
 * change, nodes restart, keys are rotated and revoked. What was promised is checked by the true time, which no rule knows.
 */

import { verifierLimits } from '@countersign/verifier/limits';
import {
  type Arbitrary,
  array,
  asyncProperty,
  assert as check,
  constantFrom,
  integer,
  nat,
  oneof,
  record,
  tuple,
} from 'fast-check';
import t from 'tap';
import { cacheMs, type KeyPolicy } from '../../src/keys/keyPolicy.ts';
import { legalPolicies, policyOf } from '../support/keySettings.ts';
import { createWorld, type World } from '../support/rotationWorld.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const year = 365 * day;

type Step = (world: World) => unknown;

/** A step that can be read when a history is reported. */
function named(name: string, step: Step): Step {
  return Object.assign(step, { toString: () => name });
}

/** Of these nodes and settings, the waits that something depends on, and a millisecond to each side. */
const waits: Readonly<Record<string, (policy: KeyPolicy) => number>> = {
  interval: ({ rotationIntervalMs }) => rotationIntervalMs,
  caches: cacheMs,
  'age of a ring': ({ ringAgeMs }) => ringAgeMs,
  tokens: (policy) => policy.tokenLifetimeMs + cacheMs(policy) + verifierLimits.clockSkewSeconds * 1_000,
};

const which = constantFrom<0 | 1>(0, 1);
const settings = oneof(
  constantFrom(
    ...[policyOf(2_000, 1_000, 1_000), policyOf(10 * minute, 5 * minute, 15 * minute)],
    ...[policyOf(2 * day, day, day), policyOf(30 * day, 5 * minute, 15 * minute)],
  ).filter((policy) => policy !== undefined),
  legalPolicies,
);

const passing: Arbitrary<Step> = oneof(
  tuple(which, constantFrom(...Object.keys(waits)), integer({ min: -1, max: 1 })).map(([index, name, off]) =>
    named(`${name} of ${index} ${off} passes`, (world) =>
      world.pass(Math.max(0, (waits[name]?.(world.nodes[index].policy) ?? 0) + off)),
    ),
  ),
  oneof(nat(20_000), nat(2 * day), nat(year)).map((ms) => named(`${ms} pass`, (world) => world.pass(ms))),
);

const looking = which.map((index) => named(`${index} looks`, (world) => world.look(world.nodes[index])));

const anything: Arbitrary<Step> = oneof(
  { weight: 6, arbitrary: passing },
  { weight: 8, arbitrary: looking },
  {
    weight: 2,
    arbitrary: oneof(integer({ min: -year, max: year }), integer({ min: -30_000, max: 30_000 })).map((ms) =>
      named(`the clock steps ${ms}`, (world) => world.step(ms)),
    ),
  },
  {
    weight: 1,
    arbitrary: which.map((index) =>
      named(`${index} restarts`, (world) => world.restart(index, world.nodes[index].policy)),
    ),
  },
  {
    weight: 2,
    arbitrary: tuple(which, settings).map(([index, policy]) =>
      named(`${index} has ${JSON.stringify(policy)}`, (world) => world.restart(index, policy)),
    ),
  },
  {
    weight: 2,
    arbitrary: which.map((index) => named(`${index} rotates`, (world) => world.rotate(world.nodes[index]))),
  },
  {
    weight: 1,
    arbitrary: tuple(which, nat()).map(([index, pick]) =>
      named(`${index} revokes ${pick}`, (world) => {
        const keys = world.live();
        return world.revoke(world.nodes[index], keys[pick % keys.length]?.kid ?? '');
      }),
    ),
  },
);

/** Clock and settings are sane again: what is due is done when it is due, and rotation goes on. */
async function goesOn(world: World, policy: KeyPolicy): Promise<void> {
  await world.restart(0, policy);
  await world.restart(1, policy);
  for (let rotation = 0; rotation < 2; rotation += 1) {
    const longest = Math.max(policy.rotationIntervalMs, ...world.live().map((key) => key.cacheMs));
    let left = longest + verifierLimits.clockSkewSeconds * 1_000;
    const signing = world.signing();
    while (world.signing() === signing) {
      const dueInMs = await world.look(world.nodes[0]);
      left -= dueInMs;
      if (left < 0) throw new Error('rotation does not go on');
      world.pass(dueInMs - 1);
      const committed = world.committed();
      await world.look(world.nodes[0]);
      if (world.committed() !== committed) throw new Error('done a millisecond before it was due');
      world.pass(1);
      await world.look(world.nodes[0]);
      if (world.committed() === committed) throw new Error('not done when it was due');
    }
  }
}

const history = record({
  policies: tuple(settings, settings),
  steps: array(anything, { maxLength: 60, size: 'max' }),
  sane: settings,
});

t.test('whatever happens to clocks, settings and nodes', async (t) => {
  const property = asyncProperty(history, async ({ policies, steps, sane }) => {
    const world = await createWorld(policies);
    for (const step of steps) await step(world);
    await goesOn(world, sane);
  });
  await t.resolves(check(property, { numRuns: 400 }));
});
