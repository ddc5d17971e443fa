/** Many seeds in a process of their own: what must hold in each of them, and that what does not is seen. */
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { startProcess } from '../../support/process.ts';
import type { Runs, RunsOutcome } from './runs.ts';
import type { Sabotage } from './sabotage.ts';

async function run(runs: Runs): Promise<RunsOutcome> {
  const file = fileURLToPath(new URL('runs.js', import.meta.url));
  const program = startProcess(process.execPath, [file, JSON.stringify(runs)]);
  const { code } = await program.exited;
  if (code !== 0) throw new Error(program.stderr());
  return JSON.parse(program.stdout());
}

/** No run violates the invariants, whatever breaks. */
export async function noRunViolates(t: Test, seeds: number): Promise<void> {
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
}

/** That a sabotage breaks I1 in one of many seeds. */
export async function witnessSees(t: Test, sabotage: Sabotage): Promise<void> {
  const until = sabotage.subscribers === 0 ? 'I1' : 'I1 at a subscriber';
  const { met, seed } = await run({ seeds: 400, sabotage, until });
  t.ok(met, `seed ${seed}`);
}
