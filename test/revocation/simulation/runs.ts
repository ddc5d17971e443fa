/**
 * Many seeds, as a program: `node .build/test/revocation/simulation/runs.js '{"seeds":2000}'` prints what came of them. Apart from the test
 * runner, which watches every promise and makes a run take twice as long.
 */
import { type Outcome, runMs, simulate } from './run.ts';
import type { Sabotage } from './sabotage.ts';

const counted = [
  'acknowledged',
  'checks',
  'unavailable',
  'crashes',
  'loadsFromCopy',
  'subscriberAnswers',
  'moves',
] as const satisfies readonly (keyof Outcome)[];

export interface Runs {
  /** From 1 up to this. */
  readonly seeds: number;
  readonly sabotage?: Sabotage;
  /** What ends them early: the first violation of I1, or of I1 at a subscriber. */
  readonly until?: 'I1' | 'I1 at a subscriber';
}

export interface RunsOutcome {
  /** The last one. */
  readonly seed: number;
  readonly totals: Readonly<Record<(typeof counted)[number], number>>;
  /** The first violation of each seed that had any, and whether `until` was met. */
  readonly violating: readonly string[];
  readonly met: boolean;
}

function meets(violation: string, until: Runs['until']): boolean {
  if (until === undefined || !violation.startsWith('I1')) return false;
  return until === 'I1' || violation.includes('subscriber');
}

async function run({ seeds, sabotage, until }: Runs): Promise<RunsOutcome> {
  const totals = Object.fromEntries(counted.map((name) => [name, 0])) as Record<
    (typeof counted)[number],
    number
  >;
  const violating: string[] = [];
  for (let seed = 1; seed <= seeds; seed += 1) {
    const outcome = await simulate(seed, runMs, sabotage);
    for (const name of counted) totals[name] += outcome[name];
    const { violations } = outcome;
    if (violations.length > 0) violating.push(`seed ${seed}: ${violations[0]}`);
    if (violations.some((violation) => meets(violation, until)))
      return { seed, totals, violating, met: true };
  }
  return { seed: seeds, totals, violating, met: false };
}

process.stdout.write(JSON.stringify(await run(JSON.parse(process.argv[2] ?? '{}'))));
