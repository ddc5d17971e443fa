/** Two workers beside one: what a check costs all their processes, and how calls spread. They share one core; the load has the other. */
import { readFileSync } from 'node:fs';
import { openChecks } from './checkLoad.ts';
import { cpuMicroseconds, measuredCore, pin } from './load/processes.ts';
import type { Say } from './main.ts';
import { costsOf, cpuRow, type Effort, type Loaded, median, type Row } from './measure.ts';
import { startWhole } from './wholeAuthority.ts';

const mostOfCpu = 1.1;
const leastShare = 0.4;
/** An odd number: the main process hands out connections in turn, so of an even number each worker has half, whatever it does. */
const oddShape = { connections: 7, streams: 9 };

export async function workerRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  const stops: (() => unknown)[] = [];
  try {
    const one = await start(1, say, stops);
    const two = await start(2, say, stops);
    const shares: number[] = [];
    say('calling each in turn');
    const costs = await costsOf({ one, two: { ...two, run: countingShares(two, shares) } }, effort);
    // The first round warms up.
    const share = median(shares.slice(1));
    return [
      cpuRow('IsRevoked, WORKERS=2', { ...costs.one, name: 'one worker' }, costs.two, mostOfCpu),
      {
        what: 'share of the worker with fewer calls, by its CPU',
        yardstick: '50 %',
        ours: percent(share),
        ratio: (2 * share).toFixed(2),
        spread: `${percent(Math.min(...shares.slice(1)))}–${percent(Math.max(...shares.slice(1)))}`,
        reach: `≥ ${percent(leastShare)}`,
        verdict: share >= leastShare ? 'reached' : `short by ${percent(leastShare - share)}`,
      },
    ];
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

type WithWorkers = Loaded & { readonly workers: readonly number[] };

async function start(count: number, say: Say, stops: (() => unknown)[]): Promise<WithWorkers> {
  say(`starting ${count === 1 ? 'one worker' : `${count} workers`}`);
  const whole = await startWhole({ sessions: 100, revocations: 0 }, say, { WORKERS: String(count) });
  stops.push(whole.stop);
  const { pid } = whole.node;
  const workers = count === 1 ? [] : childrenOf(pid);
  for (const each of workers) await pin(each, measuredCore);
  const load = await openChecks(whole, oddShape);
  stops.push(load.close);
  return { pid, others: workers, workers, run: load.run };
}

/** Notes with each run which part of the workers' CPU was the smaller one's. */
function countingShares({ workers, run }: WithWorkers, shares: number[]) {
  return async (milliseconds: number) => {
    const before = workers.map(cpuMicroseconds);
    const answered = await run(milliseconds);
    const used = workers.map((pid, index) => cpuMicroseconds(pid) - (before[index] ?? 0));
    shares.push(Math.min(...used) / used.reduce((sum, each) => sum + each, 0));
    return answered;
  };
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
