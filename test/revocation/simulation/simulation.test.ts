/**
 * The real nodes in a simulated world: each run from its seed, 2,000 of them in test/soak. A failing seed is printed, and
 * `node .build/test/revocation/simulation/replay.js SEED` runs it again, event by event.
 */
import t from 'tap';
import { noRunViolates, run } from './noViolation.ts';
import { runMs, simulate } from './run.ts';
import type { Sabotage } from './sabotage.ts';

// All those that are sabotaged take half a minute on a busy machine.
t.setTimeout(170_000);

t.test('no run violates the invariants, whatever breaks', (t) => noRunViolates(t, 100));

t.test('the same seed is the same run', async (t) => {
  const other = await simulate(8, runMs);
  t.notSame(other, await simulate(9, runMs));
  t.strictSame(other, await simulate(8, runMs));
});

/** What a node may rely on, broken; without subscribers, which would only hide it behind others. */
const sabotages: readonly [name: string, sabotage: Sabotage][] = [
  ['the clocks of one node run at half speed', { slowClock: true, subscribers: 0 }],
  ['acknowledgements are forged', { forgedAcknowledgements: true, subscribers: 0 }],
  ['a list of nodes misses some', { forgetsNodes: true, subscribers: 0 }],
  ['a snapshot is older than it says', { staleRows: true, subscribers: 0 }],
  ['ids of transactions are used again in one history', { hidesCrashes: true, subscribers: 0 }],
];

/** What subscribers add to it, broken. */
const subscriberSabotages: readonly [name: string, sabotage: Sabotage][] = [
  ['a node acknowledges without its subscribers', { acknowledgesAlone: true, subscribers: 3 }],
  ['a node reports without its subscribers', { reportsAlone: true, subscribers: 3 }],
  ['grants are longer than the lease of the node', { longGrants: true, subscribers: 3 }],
  ['a grant overtakes revocations', { grantsOvertake: true, subscribers: 3 }],
  ['a subscriber counts its lease from when it arrives', { leaseFromArrival: true, subscribers: 3 }],
  ['a node that stops removes its row whatever its subscribers hold', { removesRow: true, subscribers: 3 }],
];

for (const [name, sabotage] of [...sabotages, ...subscriberSabotages]) {
  t.test(`the witness sees it when ${name}`, async (t) => {
    const until = sabotage.subscribers === 0 ? 'I1' : 'I1 at a subscriber';
    const { met, seed } = await run({ seeds: 400, sabotage, until });
    t.ok(met, `seed ${seed}`);
  });
}
