/** Each number beside its yardstick, in one run. A run of all cases writes bench/RESULTS.md. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { inCheckout } from '../test/support/checkout.ts';
import { accountRows } from './accounts.ts';
import { checkRows } from './checks.ts';
import { denyListRows } from './denyList.ts';
import { effectRows } from './effect.ts';
import { guardRows } from './guard.ts';
import { jwksRows } from './jwks.ts';
import { pinLoad, requireTools } from './load/processes.ts';
import { loginRows } from './login.ts';
import { lookUpRows } from './lookUp.ts';
import { type Effort, quickEffort, type Row, usualEffort } from './measure.ts';
import { memoryRows } from './memory.ts';
import { readingRows } from './reading.ts';
import { sessionRows } from './sessions.ts';
import { subscriberEffectRows } from './subscriberEffect.ts';
import { workerRows } from './workers.ts';

/** Tells how far the bench is. */
export type Say = (line: string) => void;

type Case = (effort: Effort, say: Say) => Promise<readonly Row[]>;

const cases: Readonly<Record<string, Case>> = {
  checks: checkRows,
  accounts: accountRows,
  workers: workerRows,
  guard: guardRows,
  'new-token': readingRows,
  jwks: jwksRows,
  memory: memoryRows,
  'deny-list': denyListRows,
  effect: effectRows,
  subscribers: subscriberEffectRows,
  'login-times': loginRows,
  sessions: sessionRows,
  'look-up': lookUpRows,
};
/** In two minutes; the others have nothing to leave out. */
const quickCases = ['checks', 'accounts', 'guard', 'new-token', 'jwks'];

export interface BenchOptions {
  readonly names: readonly string[];
  readonly quick: boolean;
}

/** Reads the command's parameters. Throws, with one line, for what is none. */
export function readOptions(parameters: readonly string[]): BenchOptions {
  const names = parameters.filter((each) => !each.startsWith('-'));
  const unknown = parameters.find((each) => each !== '--quick' && cases[each] === undefined);
  if (unknown !== undefined)
    throw new Error(`${unknown}: no such case. Cases: ${Object.keys(cases).join(' ')}. Option: --quick.`);
  return { names, quick: parameters.includes('--quick') };
}

export async function runBench({ names, quick }: BenchOptions, print: Say): Promise<void> {
  requireTools();
  await pinLoad();
  const all = quick ? quickCases : Object.keys(cases);
  const started = performance.now();
  const rows: Row[] = [];
  for (const name of names.length > 0 ? names : all) {
    const say = (line: string) => print(`${seconds(started)} ${name}: ${line}`);
    say('starts');
    rows.push(...((await cases[name]?.(quick ? quickEffort : usualEffort, say)) ?? []));
  }
  print(`\n${tableOf(rows)}\n`);
  if (names.length > 0 || quick) return;
  await writeFile(inCheckout('bench/RESULTS.md'), `${introduction()}\n${tableOf(rows)}\n`);
  print(`${seconds(started)} written: bench/RESULTS.md`);
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

function introduction(): string {
  return `# Results

Made by \`npm run bench\` on Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model ?? 'unknown processor'}.

- Countersign is \`dist/main.js\` in server mode, with a real service token, metrics, PostgreSQL and Redis, as users start it. It and
  each yardstick run on one core; the load, PostgreSQL and Redis on another.
- **CPU for each**: user and system time of the server's process for each request, of the yardstick · of Countersign. It hardly
  moves with the noise of a machine; rates do.
- Every round measures each in turn. Numbers are medians of the rounds; min–max are the least and the largest ratio.
- The load of gRPC calls is \`bench/load/http2Load.ts\`: thousands of different ids and tokens, 4 connections with 16 calls each.
  h2load sends the same message with every call, and the clients of grpc-js and node:http2 need more CPU for a call than the server.
`;
}
