/**
 * The real nodes in a simulated world: each run from its seed, 2,000 of them in test/soak, and the sabotages that show late. A failing seed is printed, and
 * `node .build/test/revocation/simulation/replay.js SEED` runs it again, event by event.
 */
import t from 'tap';
import { noRunViolates, witnessSees } from './noViolation.ts';
import { runMs, simulate } from './run.ts';
import { seenSoon } from './sabotages.ts';

// All those that are sabotaged take half a minute on a busy machine.
t.setTimeout(170_000);

t.test('no run violates the invariants, whatever breaks', (t) => noRunViolates(t, 100));

t.test('the same seed is the same run', async (t) => {
  const other = await simulate(8, runMs);
  t.notSame(other, await simulate(9, runMs));
  t.strictSame(other, await simulate(8, runMs));
});

for (const [name, sabotage] of seenSoon)
  t.test(`the witness sees it when ${name}`, (t) => witnessSees(t, sabotage));
