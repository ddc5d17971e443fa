/** Two workers beside one: what a check costs all their processes, and how calls spread. They share one core; the load has the other. */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { openChecks } from './checkLoad.ts';
import type { Http2Load } from './load/http2Load.ts';
import { measuredCore, peerPorts, pin } from './load/processes.ts';
import type { Say } from './main.ts';
import {
  atLeast,
  costsOf,
  cpuRow,
  type Effort,
  type Loaded,
  median,
  perSecond,
  type Row,
} from './measure.ts';
import { startWhole } from './wholeAuthority.ts';

const mostOfCpu = 1.1;
const leastShare = 0.4;
const leastFaster = 1.7;
/** Beside the core of the load: one for each worker, and one for the rest. */
const coresForRates = 4;
const secondCore = 2;
/** An odd number: the main process hands out connections in turn, so of an even number each worker has half, whatever it does. */
const oddShape = { connections: 7, streams: 9 };

export async function workerRows(effort: Effort, say: Say): Promise<readonly Row[]> {
  const stops: (() => unknown)[] = [];
  try {
    const one = await start(1, say, stops);
    const two = await start(2, say, stops);
    say('calling each in turn');
    const costs = await costsOf({ one, two }, effort);
    say('counting the calls of each worker');
    const shares: number[] = [];
    while (shares.length < effort.rounds) shares.push(await two.share(effort.milliseconds));
    return [
      cpuRow('IsRevoked, WORKERS=2', { ...costs.one, name: 'one worker' }, costs.two, mostOfCpu),
      shareRow(shares),
      await rateRow(one, two, effort),
    ];
  } finally {
    for (const stop of stops.reverse()) await stop();
  }
}

type WithWorkers = Loaded & {
  readonly others: readonly number[];
  /** The part of the calls that the worker with fewer had, over connections of this run alone. */
  share(milliseconds: number): Promise<number>;
};

async function start(count: number, say: Say, stops: (() => unknown)[]): Promise<WithWorkers> {
  say(`starting ${count === 1 ? 'one worker' : `${count} workers`}`);
  const whole = await startWhole({ sessions: 100, revocations: 0 }, say, { WORKERS: String(count) });
  stops.push(whole.stop);
  const { pid } = whole.node;
  const workers = count === 1 ? [] : childrenOf(pid);
  for (const each of workers) await pin(each, measuredCore);
  const load = await openChecks(whole, oddShape);
  stops.push(load.close);
  return {
    pid,
    others: workers,
    run: load.run,
    async share(milliseconds) {
      const counted = await openChecks(whole, oddShape);
      try {
        return smallestShare(workers, counted, await counted.run(milliseconds));
      } finally {
        counted.close();
      }
    },
  };
}

function smallestShare(workers: readonly number[], load: Http2Load, answered: number): number {
  const calls = workers.map((pid) => {
    const ports = peerPorts(pid);
    return load.answered().reduce((sum, each) => sum + (ports.has(each.port) ? each.calls : 0), 0);
  });
  if (calls.reduce((sum, each) => sum + each, 0) !== answered) throw new Error('calls of no worker');
  return Math.min(...calls) / answered;
}

function shareRow(shares: readonly number[]): Row {
  const share = median(shares);
  return {
    what: `share of the worker with fewer calls, ${shares.length} times with other connections`,
    yardstick: '50 %',
    ours: percent(share),
    ratio: (2 * share).toFixed(2),
    spread: `${percent(Math.min(...shares))}–${percent(Math.max(...shares))}`,
    reach: `≥ ${percent(leastShare)}`,
    verdict: share >= leastShare ? 'reached' : `short by ${percent(leastShare - share)}`,
  };
}

/** Checks per second with a core for each worker. */
async function rateRow(one: WithWorkers, two: WithWorkers, effort: Effort): Promise<Row> {
  const row = { what: 'IsRevoked, WORKERS=2, each on a core of its own', reach: `≥ ${leastFaster}` };
  if (cpus().length < coresForRates) {
    const nothing = { yardstick: '–', ours: '–', ratio: '–' };
    return { ...row, ...nothing, verdict: `not measurable here: fewer than ${coresForRates} cores` };
  }
  await pin(two.others[1] ?? 0, secondCore);
  const costs = await costsOf({ one, two }, effort);
  const [alone, both] = [median(costs.one.rates), median(costs.two.rates)];
  const faster = both / alone;
  return {
    ...row,
    yardstick: `${perSecond(alone)} (one worker)`,
    ours: perSecond(both),
    ratio: faster.toFixed(2),
    verdict: atLeast(faster, leastFaster),
  };
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

const percent = (share: number) => `${Math.round(share * 100)} %`;
