/** How things are measured: several rounds, each of them in turn, and medians; these machines are noisy. */

export interface Row {
  readonly what: string;
  readonly yardstick: string;
  readonly ours: string;
  readonly ratio: string;
  readonly reach: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
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

/** Median rates of two things that are measured in turn, so that a machine that slows down slows both. */
export async function pairedRates(
  yardstick: () => Promise<number>,
  ours: () => Promise<number>,
  rounds = 5,
): Promise<{ yardstick: number; ours: number; ratio: number }> {
  const pairs: [number, number][] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const pair: [number, number] = [await yardstick(), await ours()];
    // The first round warms both up.
    if (round > 0) pairs.push(pair);
  }
  return {
    yardstick: median(pairs.map(([a]) => a)),
    ours: median(pairs.map(([, b]) => b)),
    ratio: median(pairs.map(([a, b]) => b / a)),
  };
}

export function perSecond(value: number): string {
  return `${Math.round(value).toLocaleString('en')}/s`;
}
