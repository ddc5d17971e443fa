/**
 * The real nodes in a simulated world: thousands of runs, each from its seed. A failing seed is printed, and
 * `node .build/test/revocation/simulation/replay.js SEED` runs it again, event by event.
 */
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { startProcess } from '../../support/process.ts';
import { runMs, simulate } from './run.ts';
import type { Runs, RunsOutcome } from './runs.ts';
import type { Sabotage } from './sabotage.ts';

const seeds = 2_000;
// Alone it takes a minute.
t.setTimeout(170_000);

async function run(runs: Runs): Promise<RunsOutcome> {
  const file = fileURLToPath(new URL('runs.js', import.meta.url));
  const program = startProcess(process.execPath, [file, JSON.stringify(runs)]);
  const { code } = await program.exited;
  if (code !== 0) throw new Error(program.stderr());
  return JSON.parse(program.stdout());
}

t.test('no run violates the invariants, whatever breaks', async (t) => {
  t.setTimeout(170_000);
  const { violating, totals } = await run({ seeds });
  t.strictSame(violating, []);
  t.comment(`${seeds} seeds: ${JSON.stringify(totals)}`);
  // That the runs were what they are meant to be: busy, and broken.
  t.ok(totals.acknowledged > 30 * seeds, 'revocations were acknowledged');
  t.ok(totals.checks > 250 * seeds, 'checks were answered');
  t.ok(totals.unavailable > seeds, 'not every check could be answered');
  t.ok(totals.crashes > seeds / 4, 'nodes crashed');
  t.ok(totals.loadsFromCopy > seeds / 4, 'nodes were loaded from the copy');
  t.ok(totals.subscriberAnswers > 50 * seeds, 'subscribers answered from memory');
  t.ok(totals.moves > seeds / 10, 'subscribers moved from node to node');
});

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
