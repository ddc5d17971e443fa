/** Each number beside its yardstick, in one run. A run of all cases writes bench/RESULTS.md. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { inCheckout } from '../test/support/checkout.ts';
import { accountRows } from './accounts.ts';
import { checkRows } from './checks.ts';
import { effectRows } from './effect.ts';
import { growthRows } from './growth/growth.ts';
import { guardRows } from './guard.ts';
import { installRows } from './install.ts';
import { jwksRows } from './jwks.ts';
import { pinLoad } from './load/processes.ts';
import { loginRows } from './login.ts';
import { lookUpRows } from './lookUp.ts';
import { type Effort, quickEffort, type Row, usualEffort } from './measure.ts';
import { memoryRows } from './memory.ts';
import { readingRows } from './reading.ts';
import { sessionRows } from './sessions.ts';
import { simulationRows } from './simulation/simulation.ts';
import { subscriberEffectRows } from './subscriberEffect.ts';
import { tenMillionRows } from './tenMillion.ts';
import { workerRows } from './workers.ts';

/** Tells how far the bench is. */
export type Say = (line: string) => void;

type Case = (effort: Effort, say: Say) => Promise<readonly Row[]>;

export const cases: Readonly<Record<string, Case>> = {
  checks: checkRows,
  'ten-million': tenMillionRows,
  accounts: accountRows,
  workers: workerRows,
  guard: guardRows,
  'new-token': readingRows,
  jwks: jwksRows,
  memory: memoryRows,
  install: installRows,
  effect: effectRows,
  subscribers: subscriberEffectRows,
  simulation: simulationRows,
  'login-times': loginRows,
  sessions: sessionRows,
  'look-up': lookUpRows,
  growth: growthRows,
};

/** As `scripts/benchOptions.mjs` reads them. */
export interface BenchOptions {
  readonly names: readonly string[];
  readonly quick: boolean;
  readonly scale: number;
}

/** Writes the rows to a file, too, unless something was left out. */
export async function runBench({ names, quick, scale }: BenchOptions, print: Say): Promise<void> {
  await pinLoad();
  const started = performance.now();
  const rows: Row[] = [];
  for (const name of names) {
    const began = performance.now();
    const say = (line: string) => print(`${seconds(started)} ${name}: ${line}`);
    say('starts');
    rows.push(...((await cases[name]?.({ ...(quick ? quickEffort : usualEffort), scale }, say)) ?? []));
    say(`took${seconds(began)}`);
  }
  print(`\n${tableOf(rows)}\n`);
  const file = fileOf(names);
  if (quick || scale < 1 || file === undefined) return;
  const command = file === growthFile ? 'npm run bench -- growth' : 'npm run bench';
  await writeFile(inCheckout(file), `${introduction(command)}\n${tableOf(rows)}\n`);
  print(`${seconds(started)} written: ${file}`);
}

const growthFile = 'bench/GROWTH.md';

/** Where the rows of a full run are written; undefined for some of the usual cases. */
function fileOf(names: readonly string[]): string | undefined {
  if (names.join() === 'growth') return growthFile;
  const usual = Object.keys(cases).filter((name) => name !== 'growth');
  return names.join() === usual.join() ? 'bench/RESULTS.md' : undefined;
}

function seconds(started: number): string {
  return `${Math.round((performance.now() - started) / 1000)} s`.padStart(5);
}

function tableOf(rows: readonly Row[]): string {
  const columns = ['what', 'yardstick', 'Countersign', 'CPU for each', 'ratio', 'min–max', 'reach', 'result'];
  return [
    `| ${columns.join(' | ')} |`,
    `|${'---|'.repeat(columns.length)}`,
    ...rows.map(
      ({ what, yardstick, ours, cpu = '', ratio, spread = '', reach, verdict }) =>
        `| ${[what, yardstick, ours, cpu, ratio, spread, reach, verdict].join(' | ')} |`,
    ),
  ].join('\n');
}

function introduction(command: string): string {
  return `# Results

Made by \`${command}\` on Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}.

- Countersign is \`dist/main.js\` in server mode, with a real service token, metrics, PostgreSQL and Redis, as users start it. It and
  each yardstick run on one core; the load, PostgreSQL and Redis on another.
- **CPU for each**: user and system time of the server's process for each request, of the yardstick · of Countersign. It hardly
  moves with the noise of a machine; rates do.
- Every round measures each in turn. Numbers are medians of the rounds; min–max are the least and the largest ratio.
- The load of gRPC calls is \`bench/load/http2Load.ts\`: thousands of different ids and tokens, 4 connections with 16 calls each.
  h2load sends the same message with every call, and the clients of grpc-js and node:http2 need more CPU for a call than the server.
`;
}
