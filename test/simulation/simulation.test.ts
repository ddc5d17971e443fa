/**
 * The real nodes in a simulated world: thousands of runs, each from its seed. A failing seed is printed, and
 * `node --import=tsx test/simulation/replay.ts SEED` runs it again, event by event.
 */
import t from 'tap';
import { type Outcome, runMs, simulate } from './run.ts';
import type { Sabotage } from './sabotage.ts';

const seeds = 2_000;
// Alone it takes a minute.
t.setTimeout(170_000);

t.test('no run violates the invariants, whatever breaks', async (t) => {
  t.setTimeout(170_000);
  const totals = {
    ...{ acknowledged: 0, checks: 0, unavailable: 0, crashes: 0, loadsFromCopy: 0, edgeAnswers: 0, moves: 0 },
  };
  const violating: string[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const outcome = await simulate(seed, runMs);
    for (const name of Object.keys(totals) as (keyof typeof totals)[]) totals[name] += outcome[name];
    if (outcome.violations.length > 0) violating.push(`seed ${seed}: ${outcome.violations[0]}`);
  }
  t.strictSame(violating, []);
  t.comment(`${seeds} seeds: ${JSON.stringify(totals)}`);
  // That the runs were what they are meant to be: busy, and broken.
  t.ok(totals.acknowledged > 30 * seeds, 'revocations were acknowledged');
  t.ok(totals.checks > 250 * seeds, 'checks were answered');
  t.ok(totals.unavailable > seeds, 'not every check could be answered');
  t.ok(totals.crashes > seeds / 4, 'nodes crashed');
  t.ok(totals.loadsFromCopy > seeds / 4, 'nodes were loaded from the copy');
  t.ok(totals.edgeAnswers > 50 * seeds, 'edges answered from memory');
  t.ok(totals.moves > seeds / 10, 'edges moved from node to node');
});

t.test('the same seed is the same run', async (t) => {
  const other = await simulate(8, runMs);
  t.notSame(other, await simulate(9, runMs));
  t.strictSame(other, await simulate(8, runMs));
});

/** What a node may rely on, broken; without edges, which would only hide it behind others. */
const sabotages: readonly [name: string, sabotage: Sabotage][] = [
  ['the clocks of one node run at half speed', { slowClock: true, edges: 0 }],
  ['acknowledgements are forged', { forgedAcknowledgements: true, edges: 0 }],
  ['a list of nodes misses some', { forgetsNodes: true, edges: 0 }],
  ['a snapshot is older than it says', { staleRows: true, edges: 0 }],
  ['ids of transactions are used again in one history', { hidesCrashes: true, edges: 0 }],
];

/** What edges add to it, broken. */
const edgeSabotages: readonly [name: string, sabotage: Sabotage][] = [
  ['a node acknowledges without its edges', { acknowledgesAlone: true, edges: 3 }],
  ['a node reports without its edges', { reportsAlone: true, edges: 3 }],
  ['grants are longer than the lease of the node', { longGrants: true, edges: 3 }],
  ['a grant overtakes revocations', { grantsOvertake: true, edges: 3 }],
  ['an edge counts its lease from when it arrives', { leaseFromArrival: true, edges: 3 }],
  ['a node that stops removes its row whatever its edges hold', { removesRow: true, edges: 3 }],
];

const byEdge = (violation: string) => violation.startsWith('I1') && violation.includes('edge');
for (const [name, sabotage] of [...sabotages, ...edgeSabotages]) {
  t.test(`the witness sees it when ${name}`, async (t) => {
    const shows = sabotage.edges === 0 ? (violation: string) => violation.startsWith('I1') : byEdge;
    const violates = ({ violations }: Outcome) => violations.some(shows);
    let seed = 1;
    while (seed <= 400 && !violates(await simulate(seed, runMs, sabotage))) seed += 1;
    t.ok(seed <= 400, `seed ${seed}`);
  });
}
