/** Each number beside its yardstick, in one run. A run of all cases writes bench/RESULTS.md, one of `growth` bench/GROWTH.md. */
import { writeFile } from 'node:fs/promises';
import { inCheckout } from '../test/support/checkout.ts';
import { introductionOf } from './introduction.ts';
import { pinLoad } from './load/processes.ts';
import { type Effort, quickEffort, type Row, usualEffort } from './measure.ts';
import { type CaseParts, failedRow, runCase } from './runCase.ts';

/** Tells how far the bench is. */
export type Say = (line: string) => void;

/** As `scripts/benchOptions.mjs` reads them. */
export interface BenchOptions {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly scale: number;
  /** Of these names: the files that a run of exactly them writes. */
  readonly usualCases: readonly string[];
  readonly longCases: readonly string[];
}

const minute = 60_000;
/** Less than the lifetime of the tokens that a case makes at its start (15 minutes). */
const longestCaseMs = 4 * minute;
/** With ten million rows: alone they may take an hour. */
const longestLongCaseMs = 90 * minute;
/** Since the start of the process, compiling included: what has not been done by then is a row that says so. */
const longestRunMs = 14 * minute;

/**
 * Writes the rows to a file, too, unless something was left out. Resolves with whether no case failed; a case that fails is a row,
 * and the others go on.
 */
export async function runBench(options: BenchOptions, print: Say, signal: AbortSignal): Promise<boolean> {
  const { names, quick, scale, longCases } = options;
  await pinLoad();
  const isLong = names.some((name) => longCases.includes(name));
  const effort = { ...(quick ? quickEffort : usualEffort), scale };
  const limits = isLong
    ? { caseMs: longestLongCaseMs, endsAt: Number.POSITIVE_INFINITY }
    : { caseMs: longestCaseMs, endsAt: longestRunMs };
  const { rows, failed } = await runCases(names, effort, { ...limits, print, signal });
  print(`\n${tableOf(rows)}\n`);
  const file = fileOf(options);
  if (!quick && scale === 1 && file !== undefined && !signal.aborted) {
    await writeFile(inCheckout(file.path), `${introductionOf(file)}\n${tableOf(rows)}\n`);
    print(`${sinceStart()} written: ${file.path}`);
  }
  if (failed.length > 0) print(`failed: ${failed.join(', ')}`);
  return failed.length === 0;
}

export interface RunParts {
  /** The longest time of a case. */
  readonly caseMs: number;
  /** When the last one must have ended, by `performance.now()`. */
  readonly endsAt: number;
  readonly print: Say;
  readonly signal: AbortSignal;
  readonly program?: CaseParts['program'];
}

/** One after the other. Prints the rows of each at once: a run that is interrupted loses none. */
export async function runCases(
  names: readonly string[],
  effort: Effort,
  { caseMs, endsAt, print, signal, ...rest }: RunParts,
): Promise<{ rows: readonly Row[]; failed: readonly string[] }> {
  const rows: Row[] = [];
  const failed: string[] = [];
  for (const name of names) {
    if (signal.aborted) break;
    const began = performance.now();
    const milliseconds = Math.min(caseMs, endsAt - began);
    const say = (line: string) => print(`${sinceStart()} ${name}: ${line}`);
    say('starts');
    const result =
      milliseconds <= 0
        ? { rows: [failedRow(name, 'the run has had its time')], failed: true }
        : await runCase({ name, effort }, { milliseconds, say, signal, ...rest });
    rows.push(...result.rows);
    if (result.failed) failed.push(name);
    say(`took ${seconds(performance.now() - began)}\n${result.rows.map(lineOf).join('\n')}`);
  }
  return { rows, failed };
}

/** Where the rows of a full run are written; undefined for some of the usual cases. */
function fileOf({ names, usualCases, longCases }: BenchOptions) {
  if (names.join() === longCases.join())
    return { path: 'bench/GROWTH.md', title: 'Results of growth', command: 'npm run bench -- growth' };
  if (names.join() === usualCases.join())
    return { path: 'bench/RESULTS.md', title: 'Results', command: 'npm run bench' };
  return undefined;
}

const seconds = (milliseconds: number) => `${Math.round(milliseconds / 1000)} s`;
const sinceStart = () => seconds(performance.now()).padStart(5);

function tableOf(rows: readonly Row[]): string {
  const columns = ['what', 'yardstick', 'Countersign', 'CPU for each', 'ratio', 'min–max', 'reach', 'result'];
  return [`| ${columns.join(' | ')} |`, `|${'---|'.repeat(columns.length)}`, ...rows.map(lineOf)].join('\n');
}

function lineOf({ what, yardstick, ours, cpu = '', ratio, spread = '', reach, verdict }: Row): string {
  return `| ${[what, yardstick, ours, cpu, ratio, spread, reach, verdict].join(' | ')} |`;
}
