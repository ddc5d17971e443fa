/** How things are measured: in rounds, each thing in turn, and medians; these machines are noisy. */
import { cpuMicroseconds } from './load/processes.ts';

export interface Row {
  readonly what: string;
  readonly yardstick: string;
  readonly ours: string;
  /** Server CPU for each request, of the yardstick and of ours; empty for a row that is not about CPU. */
  readonly cpu?: string;
  readonly ratio: string;
  /** The least and the largest ratio of all rounds. */
  readonly spread?: string;
  readonly reach: string;
  /** "reached", "short by …", or nothing for a row that is for information. */
  readonly verdict: string;
}

/** How long things are measured. */
export interface Effort {
  readonly rounds: number;
  readonly milliseconds: number;
  /** The part of the data that is made, at most 1, where filling takes longest. */
  readonly scale: number;
}

export const usualEffort: Effort = { rounds: 5, milliseconds: 1_500, scale: 1 };
export const quickEffort: Effort = { rounds: 3, milliseconds: 500, scale: 0.1 };

/** So many of the data that this effort makes. */
export function scaled(count: number, { scale }: Pick<Effort, 'scale'>, least = 1): number {
  return Math.max(least, Math.round(count * scale));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Something that is loaded: the process that serves it, and a load that resolves with the number of requests that were answered. */
export interface Loaded {
  readonly pid: number;
  /** Other processes whose CPU counts, too. */
  readonly others?: readonly number[];
  run(milliseconds: number): Promise<number>;
}

/** CPU for each request, in microseconds, and requests per second, of each round. */
export interface Costs {
  readonly cpu: readonly number[];
  readonly rates: readonly number[];
}

/** Runs of a thing before it is measured: at most so many, of that many requests, or until one costs no less than the one before. */
export const mostWarmUps = 3;
const [warmRequests, stillFalling] = [5_000, 0.97];

/** All of them in turn, round by round, so that what disturbs one disturbs all; warm, each of them. */
export async function costsOf<Name extends string>(
  loaded: Readonly<Record<Name, Loaded>>,
  { rounds, milliseconds }: Effort,
): Promise<Readonly<Record<Name, Costs>>> {
  const names = Object.keys(loaded) as Name[];
  const nothing = () => ({ cpu: [] as number[], rates: [] as number[] });
  const costs = Object.fromEntries(names.map((name) => [name, nothing()])) as Record<
    Name,
    ReturnType<typeof nothing>
  >;
  for (const name of names) await warmUp(loaded[name], milliseconds);
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      const { cpu, rate } = await costOf(loaded[name], milliseconds);
      costs[name].cpu.push(cpu);
      costs[name].rates.push(rate);
    }
  }
  return costs;
}

async function warmUp(one: Loaded, milliseconds: number): Promise<void> {
  let [before, requests] = [Number.POSITIVE_INFINITY, 0];
  for (let runs = 0; runs < mostWarmUps && requests < warmRequests; runs += 1) {
    const { cpu, answered } = await costOf(one, milliseconds);
    if (cpu > before * stillFalling) return;
    [before, requests] = [cpu, requests + answered];
  }
}

async function costOf({ pid, others = [], run }: Loaded, milliseconds: number) {
  const used = () => [pid, ...others].reduce((sum, each) => sum + cpuMicroseconds(each), 0);
  const [before, started] = [used(), performance.now()];
  const answered = await run(milliseconds);
  const seconds = (performance.now() - started) / 1000;
  if (answered === 0) throw new Error('nothing was answered');
  return { cpu: (used() - before) / answered, rate: answered / seconds, answered };
}

/** Ours beside a yardstick by CPU for each request: at most `reach` times. */
export function cpuRow(
  what: string,
  yardstick: Costs & { readonly name: string },
  ours: Costs,
  reach: number | undefined,
): Row {
  const ratios = ours.cpu.map((each, round) => each / (yardstick.cpu[round] ?? Number.NaN));
  const ratio = median(ours.cpu) / median(yardstick.cpu);
  return {
    what,
    yardstick: `${perSecond(median(yardstick.rates))} (${yardstick.name})`,
    ours: perSecond(median(ours.rates)),
    cpu: `${micro(median(yardstick.cpu))} · ${micro(median(ours.cpu))}`,
    ratio: ratio.toFixed(ratio < 0.1 ? 3 : 2),
    spread: `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
    reach: reach === undefined ? 'for information' : `≤ ${asShare(reach)}`,
    verdict: reach === undefined ? '' : atMost(ratio, reach),
  };
}

/** Ours against a fixed number of microseconds. */
export function budgetRow(what: string, ours: Costs, reachMicroseconds: number): Row {
  const cpu = median(ours.cpu);
  const spread = [Math.min(...ours.cpu), Math.max(...ours.cpu)].map((each) =>
    (each / reachMicroseconds).toFixed(2),
  );
  return {
    what,
    yardstick: `${micro(reachMicroseconds)} of CPU`,
    ours: perSecond(median(ours.rates)),
    cpu: micro(cpu),
    ratio: (cpu / reachMicroseconds).toFixed(2),
    spread: spread.join('–'),
    reach: `≤ ${micro(reachMicroseconds)}`,
    verdict: atMost(cpu, reachMicroseconds),
  };
}

export function atMost(value: number, reach: number): string {
  return value <= reach ? 'reached' : `short by ${((value / reach - 1) * 100).toFixed(0)} %`;
}

export function atLeast(value: number, reach: number): string {
  return value >= reach ? 'reached' : `short by ${((1 - value / reach) * 100).toFixed(0)} %`;
}

/** Operations per second of `operate`, with `concurrency` of them under way, over `milliseconds`. */
export async function rate(
  operate: () => Promise<unknown>,
  { concurrency, milliseconds }: { concurrency: number; milliseconds: number },
): Promise<number> {
  const start = performance.now();
  const end = start + milliseconds;
  let done = 0;
  const worker = async () => {
    while (performance.now() < end) {
      await operate();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  return (done / (performance.now() - start)) * 1000;
}

/** Median rates of two things that are measured in turn. */
export async function pairedRates(
  yardstick: () => Promise<number>,
  ours: () => Promise<number>,
  rounds = 5,
): Promise<{ yardstick: number; ours: number; ratio: number; spread: string }> {
  const pairs: [number, number][] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const pair: [number, number] = [await yardstick(), await ours()];
    // The first round warms both up.
    if (round > 0) pairs.push(pair);
  }
  const ratios = pairs.map(([a, b]) => b / a);
  return {
    yardstick: median(pairs.map(([a]) => a)),
    ours: median(pairs.map(([, b]) => b)),
    ratio: median(ratios),
    spread: `${Math.min(...ratios).toFixed(2)}–${Math.max(...ratios).toFixed(2)}`,
  };
}

export function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en')}/s`;
}

export function micro(value: number): string {
  return value >= 1_000 ? `${(value / 1_000).toFixed(2)} ms` : `${value.toFixed(1)} µs`;
}

function asShare(reach: number): string {
  return reach < 1 ? `1/${Math.round(1 / reach)}` : `${reach.toFixed(2)}`;
}
